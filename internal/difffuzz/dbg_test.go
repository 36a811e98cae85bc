package difffuzz

import (
	"os"
	"strconv"
	"testing"
	"time"
)

func TestDbg(t *testing.T) {
	seed, _ := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	for _, d := range databases {
		if d.name != os.Getenv("DB") {
			continue
		}
		m := d.start(t, "far_"+d.name)
		steps := generate(d.dialect, seed, rounds)
		at, found, _ := twinsPlay(t, d, m, steps)
		if found == "" {
			t.Fatal("nothing")
		}
		end := time.Now().Add(60 * time.Second)
		steps = steps[:at+1]
		for size := len(steps) / 2; size > 0; {
			shorter := false
			for from := len(steps) - size; from >= 0; from -= size {
				if time.Now().After(end) {
					size = 0
					break
				}
				without := append(append([]step{}, steps[:from]...), steps[from+size:]...)
				at, still, _ := twinsPlay(t, d, m, without)
				if still != "" {
					steps, found, shorter = without[:at+1], still, true
					from = min(from, len(steps))
				}
			}
			if !shorter || size > 1 {
				size /= 2
			}
		}
		t.Logf("%s\n%s", listing(steps), found)
	}
}
