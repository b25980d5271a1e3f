package verdict_test

import (
	"testing"

	"github.com/chaosctl/chaosctl/pkg/verdict"
)

func TestNoFlap(t *testing.T) {
	once := &verdict.NoFlap{Times: 1, During: verdict.Run}
	never := &verdict.NoFlap{During: verdict.Recovery}
	// The pods, each with the seconds at which it lost its readiness.
	lost := func(pods map[string][]float64) *verdict.Facts {
		return facts(func(f *verdict.Facts) {
			f.Ready = []verdict.ReadyCount{{Ready: 3}}
			for _, name := range []string{"web-1", "web-2"} {
				for _, second := range pods[name] {
					f.Lapses = append(f.Lapses, verdict.Lapse{At: at(second), Pod: name, UID: "u-" + name})
				}
			}
		})
	}
	missed := func(f *verdict.Facts) *verdict.Facts {
		f.PodsMissed = true
		return f
	}
	unseen := lost(nil)
	unseen.Ready = nil
	unbegun := lost(nil)
	delete(unbegun.Windows, verdict.Recovery)
	judge(t, map[string]judged{
		"never":                   {once, lost(nil), verdict.Pass, "no pod that stayed lost its readiness"},
		"each once":               {once, lost(map[string][]float64{"web-1": {6}, "web-2": {7}}), verdict.Pass, "2 pods lost their readiness, none more often than once"},
		"one, once":               {once, lost(map[string][]float64{"web-1": {6}}), verdict.Pass, "web-1 lost its readiness once"},
		"to and fro":              {once, lost(map[string][]float64{"web-1": {6}, "web-2": {7, 9, 20}}), verdict.Fail, "web-2 lost its readiness 3 times, the last time 20s into the run; 2 pods did at all"},
		"in another window":       {never, lost(map[string][]float64{"web-1": {6, 14.9}}), verdict.Pass, ""},
		"in this window":          {never, lost(map[string][]float64{"web-1": {6, 15}}), verdict.Fail, "web-1 lost its readiness once"},
		"some were missed":        {once, missed(lost(nil)), verdict.Unknown, "may have been missed"},
		"enough was seen":         {once, missed(lost(map[string][]float64{"web-2": {7, 9}})), verdict.Fail, "twice"},
		"no pod seen":             {once, unseen, verdict.Unknown, "no pod of the target was seen"},
		"a window that never was": {never, unbegun, verdict.Unknown, "did not come to its window recovery"},
	})
}
