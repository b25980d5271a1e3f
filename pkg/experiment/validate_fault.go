package experiment

func (s *Spec) validateFaults(f *findings) {
	if len(s.Faults) == 0 {
		f.refuse("spec.faults", "", "an experiment without a fault tests nothing: expected one at the least")
	}
	if s.Duration != nil {
		positive(f, "spec.duration", *s.Duration)
	}
	names := unique{}
	for i, fault := range s.Faults {
		path := element("spec.faults", i)
		if fault.Kind != "" {
			names.add(f, path, fault.Name)
		}
		fault.validate(f, path)
		if s.Duration != nil && f.sound("spec.duration") && fault.End() > s.Duration.Std() {
			f.refuse(path, "", "the fault ends %s after the start of the fault window, which lasts %s (spec.duration)", fault.End(), s.Duration)
		}
	}
}

func (fault Fault) validate(f *findings, path string) {
	if fault.For != nil {
		positive(f, child(path, "for"), *fault.For)
	}
	if fault.Repeat == nil {
		return
	}
	positive(f, path+".repeat.every", fault.Repeat.Every)
	if fault.Repeat.Times < 1 {
		f.refuse(path+".repeat.times", "", "%d is too few: expected 1 or more", fault.Repeat.Times)
	}
}
