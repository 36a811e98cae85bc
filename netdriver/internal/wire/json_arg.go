// This file reads arguments off JSON: values with names, lists, out parameters.

package wire

// The members of an argument that is an object.
const (
	argName members = 1 << iota
	argValue
	argList
	argOf
	argOut
	argIn
	argTag
)

// argument reads an argument: a cell, a list, and where they are allowed an out
// parameter and a value with a name. What may lie in it is allowed less, so that
// it ends.
func (in *input) argument(named, outs bool) (name string, v any) {
	if in.peek() != '{' {
		return "", in.cell(0)
	}
	return in.argObject(named, outs)
}

// argObject reads an argument that is an object, its members in any order.
func (in *input) argObject(named, outs bool) (name string, v any) {
	at := in.i
	var seen members
	var out Out
	var list List
	for key, more := in.firstMember(); more; key, more = in.nextMember() {
		switch k := string(key); {
		case k == "name" && named:
			in.once(&seen, argName)
			name = in.text()
		case k == "v" && named:
			in.once(&seen, argValue)
			_, v = in.argument(false, outs)
		case k == "list":
			in.once(&seen, argList)
			list.Values = in.list()
		case k == "of":
			in.once(&seen, argOf)
			list.Type = in.text()
		case k == "out" && outs:
			in.once(&seen, argOut)
			out.Type = in.text()
		case k == "in" && outs:
			in.once(&seen, argIn)
			_, out.In = in.argument(false, false)
			out.InOut = true
		default:
			in.once(&seen, argTag)
			v = in.tag(at, key)
		}
	}
	switch {
	case seen == argName|argValue, seen == argTag:
		return name, v
	case seen == argList, seen == argList|argOf:
		return "", list
	case seen == argOut, seen == argOut|argIn:
		return "", out
	}
	in.refuse(at, "an argument with members that do not go together")
	return "", nil
}

// list reads the elements of a list.
func (in *input) list() []any {
	values := []any{}
	for more := in.firstElement(); more && in.another(); more = in.nextElement() {
		values = append(values, in.cell(0))
	}
	return values
}
