package experiment

import "strconv"

// complete fills in the defaults that depend on other values; those that do not are in the tags of the types.
func (e *Experiment) complete() {
	for i := range e.Spec.Load {
		l := &e.Spec.Load[i]
		switch {
		case l.Connections != "":
		case l.TCP != nil:
			l.Connections = Fresh
		default:
			l.Connections = Both
		}
		if http := l.HTTP; http != nil && http.Path == "" && http.URL == "" {
			http.Path = "/"
		}
	}
	nameFaults(e.Spec.Faults)
}

// nameFaults gives every fault without a name its kind for one, numbered from the second of its kind on. Names that the
// author gave are not taken again.
func nameFaults(faults []Fault) {
	taken, count := map[string]bool{}, map[string]int{}
	for _, fault := range faults {
		taken[fault.Name] = true
	}
	for i := range faults {
		fault := &faults[i]
		if fault.Name != "" || fault.Kind == "" {
			continue
		}
		for fault.Name = ""; fault.Name == "" || taken[fault.Name]; {
			fault.Name = fault.Kind
			if count[fault.Kind]++; count[fault.Kind] > 1 {
				fault.Name += "-" + strconv.Itoa(count[fault.Kind])
			}
		}
		taken[fault.Name] = true
	}
}
