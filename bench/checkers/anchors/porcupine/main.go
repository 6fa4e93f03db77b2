// Checks files with Porcupine's public interface and prints a line for each file and pass:
// PASS VERDICT CHECK_NS PARSE_NS PATH. Called with MODEL PASSES FILE...: `register` reads Jepsen's console logs
// of one register with compare-and-set, `append` reads key-value lines with get, put and append.
package main

import (
	"bufio"
	"fmt"
	"hash/maphash"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

type request struct {
	verb, key, first, second string
}

type answer struct {
	ok, unknown bool
	value       string
}

// What a register holds at the beginning, and what a read of it prints.
const nothing = "nil"

var registerModel = porcupine.Model{
	Init: func() interface{} { return nothing },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		held, asked, told := state.(string), input.(request), output.(answer)
		switch asked.verb {
		case "read":
			return told.unknown || told.value == held, held
		case "write":
			return true, asked.first
		}
		if held == asked.first {
			return told.unknown || told.ok, asked.second
		}
		return told.unknown || !told.ok, held
	},
}

var seed = maphash.MakeSeed()

var appendModel = porcupine.Model{
	PartitionEvent: partitionByKey,
	Init:           func() interface{} { return "" },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		held, asked := state.(string), input.(request)
		switch asked.verb {
		case "get":
			return output.(answer).value == held, held
		case "put":
			return true, asked.first
		}
		return true, held + asked.first
	},
	Hash: func(state interface{}) uint64 {
		var hash maphash.Hash
		hash.SetSeed(seed)
		hash.WriteString(state.(string))
		return hash.Sum64()
	},
}

func partitionByKey(history []porcupine.Event) [][]porcupine.Event {
	numbers := make(map[string]int)
	parts := [][]porcupine.Event{}
	partOf := make(map[int]int)
	for _, event := range history {
		if event.Kind == porcupine.CallEvent {
			key := event.Value.(request).key
			number, known := numbers[key]
			if !known {
				number = len(parts)
				numbers[key] = number
				parts = append(parts, nil)
			}
			partOf[event.Id] = number
		}
		number := partOf[event.Id]
		parts[number] = append(parts[number], event)
	}
	return parts
}

// A line of either format, cut into its parts.
type line struct {
	process    int
	kind, verb string
	key, value string
}

func parseLogLine(text string) (line, bool) {
	fields := strings.SplitN(text, " - ", 2)
	if len(fields) != 2 {
		return line{}, false
	}
	columns := strings.Fields(fields[1])
	if len(columns) < 4 {
		return line{}, false
	}
	process, err := strconv.Atoi(columns[0])
	if err != nil {
		return line{}, false // the nemesis
	}
	value := strings.Join(columns[3:], " ")
	return line{process: process, kind: columns[1][1:], verb: columns[2][1:], value: value}, true
}

// The text behind a keyword, up to the quote or comma that ends it.
func member(text, name string) string {
	at := strings.Index(text, name+" ")
	if at < 0 {
		return ""
	}
	rest := text[at+len(name)+1:]
	if strings.HasPrefix(rest, "\"") {
		return rest[1 : 1+strings.Index(rest[1:], "\"")]
	}
	return strings.TrimPrefix(rest[:strings.IndexAny(rest, ",}")], ":")
}

func parseKeyValueLine(text string) (line, bool) {
	process, err := strconv.Atoi(member(text, ":process"))
	if err != nil {
		return line{}, false
	}
	return line{process: process, kind: member(text, ":type"), verb: member(text, ":f"), key: member(text, ":key"),
		value: member(text, ":value")}, true
}

func requestOf(l line) request {
	asked := request{verb: l.verb, key: l.key, first: l.value}
	if l.verb == "cas" {
		values := strings.Fields(strings.Trim(l.value, "[]"))
		asked.first, asked.second = values[0], values[1]
	}
	return asked
}

func load(path string, parse func(string) (line, bool)) ([]porcupine.Event, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var events []porcupine.Event
	open := make(map[int]int) // operation of a process
	next := 0
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		l, known := parse(lines.Text())
		if !known {
			continue
		}
		if l.kind == "invoke" {
			open[l.process] = next
			events = append(events, porcupine.Event{ClientId: l.process, Kind: porcupine.CallEvent, Value: requestOf(l), Id: next})
			next++
			continue
		}
		id, is_open := open[l.process]
		// What nobody knows returns at the end; a read that failed says nothing, but its process goes on.
		if l.kind == "info" || !is_open {
			continue
		}
		told := answer{ok: l.kind == "ok", unknown: l.kind == "fail" && l.verb == "read", value: l.value}
		events = append(events, porcupine.Event{ClientId: l.process, Kind: porcupine.ReturnEvent, Value: told, Id: id})
		delete(open, l.process)
	}
	for process, id := range open {
		events = append(events, porcupine.Event{ClientId: process, Kind: porcupine.ReturnEvent, Value: answer{unknown: true}, Id: id})
	}
	return events, lines.Err()
}

func verdict(result porcupine.CheckResult) string {
	switch result {
	case porcupine.Ok:
		return "valid"
	case porcupine.Illegal:
		return "invalid"
	}
	return "unknown"
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: MODEL PASSES FILE...")
		os.Exit(2)
	}
	model, parse := registerModel, parseLogLine
	if os.Args[1] == "append" {
		model, parse = appendModel, parseKeyValueLine
	}
	passes, _ := strconv.Atoi(os.Args[2])
	files := os.Args[3:]
	histories := make([][]porcupine.Event, len(files))
	parseTimes := make([]time.Duration, len(files))
	for i, path := range files {
		begin := time.Now()
		events, err := load(path, parse)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		histories[i], parseTimes[i] = events, time.Since(begin)
	}
	for pass := 0; pass < passes; pass++ {
		for i, path := range files {
			begin := time.Now()
			result := porcupine.CheckEventsTimeout(model, histories[i], 60*time.Second)
			fmt.Println(pass, verdict(result), time.Since(begin).Nanoseconds(), parseTimes[i].Nanoseconds(), path)
		}
	}
}
