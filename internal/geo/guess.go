package geo

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// foldedNames are those of the communes, as they are compared.
var foldedNames = sync.OnceValue(func() []string {
	a := load()
	out := make([]string, len(a.communes))
	for i, c := range a.communes {
		if c.divided() {
			continue
		}
		if out[i] = Fold(c.Name); c.Arrondissement {
			out[i], _, _ = strings.Cut(out[i], " ") // people name the city
		}
	}
	return out
})

// Guess lists at most limit communes that somebody may mean by a whole name, a postcode or both ("Rennes 35000", "st malo (35)"), as [Search] does and with
// a slip of the hand forgiven: one letter in a short name, two in one of eight letters or more. The best guess is first.
func Guess(typed string, limit int) []Commune {
	if len(typed) > 4*maxQuery {
		return nil
	}
	var name, digits []string
	for part := range strings.FieldsSeq(Fold(typed)) {
		if strings.Trim(part, "0123456789") == "" {
			digits = append(digits, part)
		} else {
			name = append(name, part)
		}
	}
	if len(name) == 0 {
		return Search(typed, limit)
	}
	q, code := saints(strings.Join(name, " ")), strings.Join(digits, "")
	found := Search(q, 400)
	if len(found) == 0 {
		found = nearNames(q)
	}
	if code != "" {
		if there := slices.DeleteFunc(slices.Clone(found), func(c Commune) bool {
			return !slices.ContainsFunc(c.Postcodes, func(p string) bool { return strings.HasPrefix(p, code) })
		}); len(there) > 0 {
			found = there
		} else if len(found) == 0 {
			found = Search(code, limit)
		}
	}
	return found[:min(limit, len(found))]
}

// nearNames are communes whose whole name is a slip or two away from q, the likeliest first.
func nearNames(q string) []Commune {
	if len(q) < 3 || len(q) > maxQuery {
		return nil
	}
	most := 1
	if len(q) >= 8 {
		most = 2
	}
	a := load()
	slips := map[int]int{}
	var hits []int
	for i, name := range foldedNames() {
		if d := len(name) - len(q); d > most || d < -most {
			continue
		}
		if d := slip(name, q, most); d <= most {
			slips[i] = d
			hits = append(hits, i)
		}
	}
	slices.SortFunc(hits, func(i, j int) int {
		x, y := a.communes[i], a.communes[j]
		return cmp.Or(cmp.Compare(slips[i], slips[j]), cmp.Compare(y.Population, x.Population), cmp.Compare(x.INSEE, y.INSEE))
	})
	return a.pick(hits[:min(400, len(hits))])
}

// slip is the least number of letters added, left out, changed or swapped with their neighbour that makes a of b (optimal string alignment); more than most is most+1.
func slip(a, b string, most int) int {
	var rows [3][maxQuery + 3]int
	if len(b) > maxQuery {
		return most + 1
	}
	for j := range len(b) + 1 {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, last, now := &rows[(i+2)%3], &rows[i%3], &rows[(i+1)%3]
		now[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
			least = min(least, now[j])
		}
		if least > most {
			return most + 1
		}
	}
	return rows[(len(a)+1)%3][len(b)]
}
