package experiment

func (e *Experiment) validate(f *findings) {}
func (g *GameDay) validate(f *findings)    {}
