package db

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// table is one table of the live schema, as both engines describe it.
type table struct {
	name    string
	columns []string
	kinds   []string // text, bigint, boolean, bytea
}

// tables reads the live schema.
func (d *DB) tables(tx *Tx) ([]table, error) {
	q := "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
	if d.dialect == SQLite {
		q = "SELECT m.name, c.name, lower(c.type) FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid"
	}
	var all []table
	err := Each(tx, func(s Scanner) error {
		var name, column, kind string
		if err := s.Scan(&name, &column, &kind); err != nil {
			return err
		}
		if len(all) == 0 || all[len(all)-1].name != name {
			all = append(all, table{name: name})
		}
		t := &all[len(all)-1]
		t.columns, t.kinds = append(t.columns, column), append(t.kinds, kind)
		return nil
	}, q)
	return all, err
}

// Columns lists the live schema as "table.column kind", sorted: for tests that compare it with what the rooms declare.
func (d *DB) Columns(ctx context.Context) (all []string, err error) {
	err = d.Read(ctx, func(tx *Tx) error {
		all = nil
		tables, err := d.tables(tx)
		for _, t := range tables {
			for i, c := range t.columns {
				all = append(all, t.name+"."+c+" "+plainKind(t.kinds[i]))
			}
		}
		sort.Strings(all)
		return err
	})
	return all, err
}

// plainKind is the word of our four types.
func plainKind(kind string) string {
	switch kind {
	case "blob":
		return "bytea"
	case "integer":
		return "bigint" // SQLite's booleans too: STRICT knows no other number
	case "boolean":
		return "bigint"
	}
	return kind
}

// Dump calls f for every row of every table from one read-only snapshot, tables by name and rows in no order. Booleans come as bool on
// PostgreSQL and as 0 or 1 on SQLite; Load takes both.
func (d *DB) Dump(ctx context.Context, f func(table string, row map[string]any) error) error {
	return d.Read(ctx, func(tx *Tx) error {
		tables, err := d.tables(tx)
		if err != nil {
			return err
		}
		for _, t := range tables {
			err := Each(tx, func(s Scanner) error {
				values, into := make([]any, len(t.columns)), make([]any, len(t.columns))
				for i := range values {
					into[i] = &values[i]
				}
				if err := s.Scan(into...); err != nil {
					return err
				}
				row := map[string]any{}
				for i, c := range t.columns {
					if b, ok := values[i].([]byte); ok {
						values[i] = slices.Clone(b)
					}
					row[c] = values[i]
				}
				return f(t.name, row)
			}, "SELECT "+strings.Join(t.columns, ", ")+" FROM "+t.name)
			if err != nil {
				return fmt.Errorf("dump %s: %w", t.name, err)
			}
		}
		return nil
	})
}

// Load inserts one dumped row in tx. Table and columns must exist in the live schema: an archive names them, and nothing else is let in.
func (t *Tx) Load(name string, row map[string]any) error {
	if t.schema == nil {
		tables, err := t.db.tables(t)
		if err != nil {
			return err
		}
		t.schema = map[string]table{}
		for _, x := range tables {
			t.schema[x.name] = x
		}
	}
	known, ok := t.schema[name]
	if !ok {
		return fmt.Errorf("load: no table %q", name)
	}
	var columns, marks []string
	var args []any
	for i, c := range known.columns {
		v, ok := row[c]
		if !ok {
			continue
		}
		if known.kinds[i] == "boolean" { // from SQLite
			if n, ok := v.(int64); ok {
				v = n != 0
			}
		}
		args = append(args, v)
		columns, marks = append(columns, c), append(marks, fmt.Sprintf("$%d", len(args)))
	}
	if len(columns) != len(row) {
		return fmt.Errorf("load: %s has columns that this schema does not know", name)
	}
	_, err := t.Exec("INSERT INTO "+name+" ("+strings.Join(columns, ", ")+") VALUES ("+strings.Join(marks, ", ")+")", args...)
	return err
}
