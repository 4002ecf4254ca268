package request

import "entremise/internal/db"

// OpenOf lists the newest open requests of one number by its blind index, at most ten, but one: for the room that knows who calls.
func OpenOf(tx *db.Tx, phoneIndex, but string) ([]Request, error) {
	all, err := OpenOfAll(tx, phoneIndex)
	return Others(all[phoneIndex], but), err
}

// OpenOfAll lists the open requests of several numbers, newest first, by the numbers' blind indexes. An empty index is nobody's.
func OpenOfAll(tx *db.Tx, phoneIndexes ...string) (map[string][]Request, error) {
	all := map[string][]Request{}
	var args []any
	marks := db.In(&args, phoneIndexes)
	if len(args) == 0 {
		return all, nil
	}
	err := db.Each(tx, func(s db.Scanner) error {
		var index string
		r, err := scanRequest(behind{s, &index})
		if index != "" {
			all[index] = append(all[index], r)
		}
		return err
	}, "SELECT (SELECT phone_bidx FROM person WHERE id = request.person_id), "+requestColumns+" FROM request WHERE person_id IN (SELECT id FROM person WHERE phone_bidx <> '' AND phone_bidx IN ("+marks+
		")) AND state IN ('received', 'published', 'filled', 'forwarded') ORDER BY at DESC, id", args...)
	return all, err
}

// Others are at most the first ten requests of a list but one.
func Others(all []Request, but string) (others []Request) {
	for _, r := range all {
		if r.ID != but && len(others) < 10 {
			others = append(others, r)
		}
	}
	return others
}

// behind reads one more column, in front of those that a scan function knows.
type behind struct {
	db.Scanner
	first any
}

func (b behind) Scan(dest ...any) error { return b.Scanner.Scan(append([]any{b.first}, dest...)...) }
