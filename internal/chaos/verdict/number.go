package verdict

import "strconv"

// number writes a figure with what matters of it.
func number(f float64) string {
	switch {
	case f >= Never.Seconds():
		return "never"
	case f == float64(int64(f)):
		return strconv.FormatInt(int64(f), 10)
	case f >= 100 || f <= -100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return strconv.FormatFloat(f, 'g', 3, 64)
}
