package record

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Benchmark is what a file holds.
type Benchmark struct {
	Name   string
	Facts  []string
	Values []Value
}

// Busy says that something else ran on the machine, so that times are not to be trusted.
func (b Benchmark) Busy() bool { return strings.Contains(strings.Join(b.Facts, "\n"), busy) }

// Read reads a file.
func Read(path string) (Benchmark, error) {
	b := Benchmark{Name: strings.TrimSuffix(filepath.Base(path), ".csv")}
	whole, err := os.ReadFile(path)
	if err != nil {
		return b, err
	}
	for line := range strings.Lines(string(whole)) {
		if fact, is := strings.CutPrefix(line, "# "); is {
			b.Facts = append(b.Facts, strings.TrimSpace(fact))
		}
	}
	reader := csv.NewReader(strings.NewReader(string(whole)))
	reader.Comment, reader.FieldsPerRecord = '#', len(columns)
	rows, err := reader.ReadAll()
	if err != nil {
		return b, fmt.Errorf("%s: %w", path, err)
	}
	for i, row := range rows {
		if i == 0 {
			continue // the names of the columns
		}
		v := Value{Subject: row[2], Metric: row[3]}
		var err error
		if v.Round, err = strconv.Atoi(row[0]); err == nil {
			if v.Place, err = strconv.Atoi(row[1]); err == nil {
				v.Value, err = strconv.ParseFloat(row[4], 64)
			}
		}
		if err != nil {
			return b, fmt.Errorf("%s: row %d: %w", path, i, err)
		}
		b.Values = append(b.Values, v)
	}
	return b, nil
}
