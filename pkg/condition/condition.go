// Package condition compiles and evaluates the conditions of the language, which are written in CEL
// (https://cel.dev): those of probes, over one object, and those of expectations, over what was before and after.
package condition

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
)

// maxCost bounds what a condition may compute, in CEL's own units.
const maxCost = 1_000_000

// Condition is a compiled expression. It is safe for use by several goroutines.
type Condition struct {
	program cel.Program
	reads   []Path
}

// Path leads from a variable to a value: after, deployment, status, readyReplicas.
type Path []string

// String is the path as a condition has it.
func (p Path) String() string { return strings.Join(p, ".") }

// NoFieldError is what Holds says of a field that an object does not have.
type NoFieldError struct{ error }

// Compile checks an expression over variables, which hold objects as maps. The errors are for who wrote it.
func Compile(expression string, variables ...string) (*Condition, error) {
	objects := make([]Variable, len(variables))
	for i, name := range variables {
		objects[i] = Object(name)
	}
	return CompileOver(expression, objects...)
}

// CompileOver checks an expression over variables of any of their types. The errors are for who wrote it.
func CompileOver(expression string, variables ...Variable) (*Condition, error) {
	if strings.TrimSpace(expression) == "" {
		return nil, errors.New("the condition is empty")
	}
	var options []cel.EnvOption
	var names []string
	for _, v := range variables {
		options = append(options, cel.Variable(v.name, v.kind))
		names = append(names, v.name)
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, err
	}
	compiled, issues := env.Compile(expression)
	if issues != nil && issues.Err() != nil {
		var causes []string
		for _, e := range issues.Errors() {
			causes = append(causes, fmt.Sprintf("character %d: %s", e.Location.Column()+1, e.Message))
		}
		return nil, errors.New(strings.Join(causes, "; "))
	}
	if t := compiled.OutputType(); t != cel.BoolType && t != cel.DynType {
		return nil, fmt.Errorf("the condition gives %s: expected a true or false", t)
	}
	program, err := env.Program(compiled, cel.CostLimit(maxCost), cel.InterruptCheckFrequency(100))
	if err != nil {
		return nil, err
	}
	return &Condition{program, reads(compiled.NativeRep(), names)}, nil
}

// Reads lists what the condition looks at, each path as far as it can be told without evaluating: of a list it is all.
func (c *Condition) Reads() []Path { return c.reads }

// ReadsAny says whether the condition looks at one of the variables, or into it.
func (c *Condition) ReadsAny(variables ...string) bool {
	return slices.ContainsFunc(c.reads, func(p Path) bool { return slices.Contains(variables, p[0]) })
}

// Holds evaluates the condition. An error means that it cannot be told.
func (c *Condition) Holds(ctx context.Context, values map[string]any) (bool, error) {
	result, _, err := c.program.ContextEval(ctx, values)
	if err != nil {
		if strings.Contains(err.Error(), "no such key") {
			return false, &NoFieldError{err}
		}
		return false, err
	}
	holds, ok := result.Value().(bool)
	if !ok {
		return false, fmt.Errorf("the condition gave %v, not true or false", result.Value())
	}
	return holds, nil
}

// reads finds the longest chains of fields that begin with a variable.
func reads(tree *ast.AST, variables []string) []Path {
	isChain := func(e ast.NavigableExpr) bool { return chain(e, variables) != nil }
	var paths []Path
	for _, found := range ast.MatchDescendants(ast.NavigateAST(tree), isChain) {
		if parent, ok := found.Parent(); ok && isChain(parent) {
			continue
		}
		path := chain(found, variables)
		if !slices.ContainsFunc(paths, func(p Path) bool { return slices.Equal(p, path) }) {
			paths = append(paths, path)
		}
	}
	return paths
}

// chain is the path that an expression spells out, nil for any other. a["b"] is a.b.
func chain(e ast.Expr, variables []string) Path {
	switch e.Kind() {
	case ast.IdentKind:
		if slices.Contains(variables, e.AsIdent()) {
			return Path{e.AsIdent()}
		}
	case ast.SelectKind:
		if holder := chain(e.AsSelect().Operand(), variables); holder != nil {
			return append(holder, e.AsSelect().FieldName())
		}
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != operators.Index || len(call.Args()) != 2 || call.Args()[1].Kind() != ast.LiteralKind {
			return nil
		}
		key, ok := call.Args()[1].AsLiteral().(types.String)
		if holder := chain(call.Args()[0], variables); ok && holder != nil {
			return append(holder, string(key))
		}
	}
	return nil
}
