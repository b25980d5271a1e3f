// Package holiday reads calendars of holidays: iCalendar files (RFC 5545), as calendars export them. Content lines are
// taken apart by arran4/golang-ical, recurrences by teambition/rrule-go; which lines belong together, and where they stand
// in the file, is told here, since a broken file is refused with its line.
package holiday
