// Package pages tests the HTML pages that chaosctl writes in a real browser, as a reader has them: opened from a disk, on a wide
// screen and on a phone, light and dark, with scripts off. Runs of every kind are recorded event by event, and chaosctl makes the
// pages of them, so that what is looked at has gone the way of a user's.
//
// `make test-pages` also keeps a picture of each page at each size.
package pages
