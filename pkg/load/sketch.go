package load

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// sketch is the distribution of a few durations, to 2 %, for which a histogram of its own would be too large. It holds
// only the steps of a logarithmic scale that occur, in order. Sketches can be merged without loss.
type sketch struct {
	bins []bin
	n    uint64
}

type bin struct {
	step  int16
	count uint32
}

// growth is the ratio of two steps of the scale, so that half a step is 2 %.
const growth = 1.04

func stepOf(d time.Duration) int16 {
	return int16(math.Round(math.Log(float64(max(d, 1))) / math.Log(growth)))
}

func (s *sketch) add(d time.Duration) { s.insert(bin{step: stepOf(d), count: 1}) }

func (s *sketch) insert(b bin) {
	s.n += uint64(b.count)
	i, known := slices.BinarySearchFunc(s.bins, b.step, func(have bin, step int16) int { return cmp.Compare(have.step, step) })
	if known {
		s.bins[i].count += b.count
		return
	}
	s.bins = slices.Insert(s.bins, i, b)
}

func (s *sketch) merge(other sketch) {
	for _, b := range other.bins {
		s.insert(b)
	}
}

// quantile is the least duration that at least the share q of all do not exceed; 0 without any.
func (s *sketch) quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(s.n)))
	for _, b := range s.bins {
		if uint64(b.count) >= rank {
			return time.Duration(math.Pow(growth, float64(b.step)))
		}
		rank -= uint64(b.count)
	}
	return 0
}
