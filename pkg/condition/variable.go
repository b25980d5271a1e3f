package condition

import "github.com/google/cel-go/cel"

// Variable is a name that a condition may use, and the type of what stands for it.
type Variable struct {
	name string
	kind *cel.Type
}

// Object is an object, as a map[string]any.
func Object(name string) Variable { return Variable{name, cel.MapType(cel.StringType, cel.DynType)} }

// Objects are a list of objects, as a []map[string]any.
func Objects(name string) Variable {
	return Variable{name, cel.ListType(cel.MapType(cel.StringType, cel.DynType))}
}

// Text is a string.
func Text(name string) Variable { return Variable{name, cel.StringType} }

// Integer is an int64.
func Integer(name string) Variable { return Variable{name, cel.IntType} }

// Any is a value of any type that JSON has.
func Any(name string) Variable { return Variable{name, cel.DynType} }

// Number is a float64. Its type is left open, so that it can be compared with whole numbers: value == 3.
func Number(name string) Variable { return Variable{name, cel.DynType} }
