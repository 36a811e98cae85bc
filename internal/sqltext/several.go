// This file joins the statements of a text that holds several.

package sqltext

// joined adds a statement to those before it. Several reads are not one, and
// only changes can be joined.
func joined(all, next Statement) Statement {
	if all.Count == 0 {
		next.Count = 1
		return next
	}
	out := Statement{
		Verdict: Write, Reason: Several, At: -1, Verb: all.Verb, Count: all.Count + 1,
		Neutral: all.Neutral && next.Neutral, Frozen: all.Frozen || next.Frozen,
		Delayed: all.Delayed || next.Delayed,
	}
	for _, s := range []Statement{all, next} {
		if s.Verdict != Pure && s.Verdict != Write {
			out.Verdict, out.Neutral = Flush, false
			out.At, out.Word = s.At, s.Word
		}
		if s.Verdict == Flush {
			out.Reason = s.Reason
		}
	}
	return out
}
