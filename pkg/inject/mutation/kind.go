package mutation

// Kind is a way of breaking a value.
type Kind string

// The ways of breaking a value.
const (
	Garbage         Kind = "garbage"         // text that no format accepts
	Empty           Kind = "empty"           // nothing
	Truncate        Kind = "truncate"        // the first half
	Drop            Kind = "drop"            // the key is gone
	Flip            Kind = "flip"            // one value inside becomes its opposite
	WrongType       Kind = "wrongType"       // one value inside becomes one of another type
	WrongCredential Kind = "wrongCredential" // other characters of the same kinds
	Oversize        Kind = "oversize"        // as large as the object may be
	Stale           Kind = "stale"           // an older version
	Given           Kind = "value"           // what the user says
)

// Values lists the ways.
func (Kind) Values() []string {
	return []string{
		string(Garbage), string(Empty), string(Truncate), string(Drop), string(Flip), string(WrongType), string(WrongCredential),
		string(Oversize), string(Stale), string(Given),
	}
}

// Inside says that the way can be limited to one value inside of a structured one.
func (k Kind) Inside() bool { return k == Flip || k == WrongType || k == WrongCredential }

// Replaces says that the way needs the text that takes the value's place.
func (k Kind) Replaces() bool { return k == Stale || k == Given }

// String says in words what is done.
func (k Kind) String() string {
	switch k {
	case Empty:
		return "empty the value"
	case Truncate:
		return "cut the value in half"
	case Drop:
		return "drop the key"
	case Flip:
		return "turn one value into its opposite"
	case WrongType:
		return "replace one value with one of another type"
	case WrongCredential:
		return "replace letters and digits with others"
	case Oversize:
		return "repeat the value until the object is almost as large as it may be"
	case Stale:
		return "replace the value with an older version"
	case Given:
		return "replace the value with the given one"
	}
	return "replace the value with garbage"
}
