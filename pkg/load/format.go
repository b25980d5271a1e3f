package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/chaosctl/chaosctl/pkg/event"
)

// The sample file.
//
// A file is a header line, then blocks, then an end mark: a block of no bytes. A block is its length and its CRC-32C,
// four bytes each with the least significant first, and then records. Blocks stand on their own: names and the values
// that others are written relative to start anew in each, so that one that is damaged costs no other.
//
// A record is
//
//	head     1 byte: the cause in the lower four bits, then flags
//	stream   uvarint
//	due      varint, nanoseconds: the change of the step from the stream's previous due instant, which is 0 for most
//	         records of a regular stream
//	wait     varint, nanoseconds: start - due
//	service  varint, nanoseconds: end - start
//	status   uvarint, only if it is not that of the record before
//	pod      uvarint, only with a pod: its number in the block; a new number is followed by the length and the name
//	peer     address and pod, both written as a pod is and from the same numbers, only with a peer
//
// Version 1 had no peers, and is the same else.
const (
	header    = "chaosctl samples 2\n"
	headerOne = "chaosctl samples 1\n"
)

const (
	headerFamily = "chaosctl samples "

	frameBytes = 8
	// maxBlock bounds the length of a block that a reader believes, in bytes.
	maxBlock = 1 << 20

	causeBits  = 0x0f
	flagStatus = 0x10
	flagPod    = 0x20
	flagPeer   = 0x40
)

// causeCodes are the numbers of causes in a file. New ones are added at the end.
var causeCodes = []Cause{
	None, Refused, Reset, Timeout, Unreachable, DNS, TLS, EOF, ClientError, ServerError, Local, Other,
	Unexpected,
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// track is the state of one stream within a block.
type track struct{ due, step int64 }

// context of a block: what a record is written relative to.
type blockState struct {
	status uint64
	tracks map[uint64]track
	pods   []string
	number map[string]uint64
}

func newBlockState() *blockState {
	return &blockState{tracks: map[uint64]track{}, number: map[string]uint64{}}
}

// appendRecord adds a record to a block.
func (b *blockState) appendRecord(to []byte, s Sample) []byte {
	code := slices.Index(causeCodes, s.Cause)
	if code < 0 {
		code = slices.Index(causeCodes, Other)
	}
	head, status := byte(code), uint64(s.Status)
	if status != b.status {
		head |= flagStatus
	}
	if s.Pod != "" {
		head |= flagPod
	}
	if s.Peer != (Peer{}) {
		head |= flagPeer
	}
	stream := uint64(s.Stream)
	last := b.tracks[stream]
	step := int64(s.Due) - last.due
	b.tracks[stream] = track{due: int64(s.Due), step: step}

	to = append(to, head)
	to = binary.AppendUvarint(to, stream)
	to = binary.AppendVarint(to, step-last.step)
	to = binary.AppendVarint(to, int64(s.Start-s.Due))
	to = binary.AppendVarint(to, int64(s.End-s.Start))
	if status != b.status {
		b.status = status
		to = binary.AppendUvarint(to, status)
	}
	if s.Pod != "" {
		to = b.appendPod(to, s.Pod)
	}
	if s.Peer != (Peer{}) {
		to = b.appendPod(b.appendPod(to, s.Peer.Address), s.Peer.Pod)
	}
	return to
}

func (b *blockState) appendPod(to []byte, pod string) []byte {
	n, known := b.number[pod]
	if known {
		return binary.AppendUvarint(to, n)
	}
	n = uint64(len(b.number))
	b.number[pod] = n
	to = binary.AppendUvarint(to, n)
	to = binary.AppendUvarint(to, uint64(len(pod)))
	return append(to, pod...)
}

// errRecord is wrapped by what is said of a record that cannot be read although its checksum is right.
var errRecord = errors.New("not a record")

// fields reads the numbers of a record. The first error sticks.
type fields struct {
	rest []byte
	err  error
}

func (f *fields) byte() byte { return f.bytes(1)[0] }

func (f *fields) bytes(n uint64) []byte {
	if f.err != nil || n > uint64(len(f.rest)) {
		f.err = errRecord
		return []byte{0}
	}
	b := f.rest[:n]
	f.rest = f.rest[n:]
	return b
}

func (f *fields) unsigned() uint64 {
	v, n := binary.Uvarint(f.rest)
	return uint64(advance(f, int64(v), n))
}

func (f *fields) signed() int64 {
	v, n := binary.Varint(f.rest)
	return advance(f, v, n)
}

func advance(f *fields, v int64, n int) int64 {
	if f.err != nil || n <= 0 {
		f.err = errRecord
		return 0
	}
	f.rest = f.rest[n:]
	return v
}

// readRecord takes one record off f.
func (b *blockState) readRecord(f *fields) (Sample, error) {
	head := f.byte()
	stream := f.unsigned()
	last := b.tracks[stream]
	step := last.step + f.signed()
	due := last.due + step
	b.tracks[stream] = track{due: due, step: step}
	start := due + f.signed()
	end := start + f.signed()
	if head&flagStatus != 0 {
		b.status = f.unsigned()
	}
	s := Sample{
		Stream: int(stream),
		Due:    event.Instant(due),
		Start:  event.Instant(start),
		End:    event.Instant(end),
		Status: int(b.status),
	}
	if head&flagPod != 0 {
		s.Pod = b.readPod(f)
	}
	if head&flagPeer != 0 {
		s.Peer.Address = b.readPod(f)
		s.Peer.Pod = b.readPod(f)
	}
	if code := int(head & causeBits); code < len(causeCodes) {
		s.Cause = causeCodes[code]
	} else {
		s.Cause = Other
	}
	if f.err != nil {
		return Sample{}, fmt.Errorf("sample of stream %d: %w", stream, f.err)
	}
	return s, nil
}

func (b *blockState) readPod(f *fields) string {
	n := f.unsigned()
	if f.err == nil && n == uint64(len(b.pods)) {
		b.pods = append(b.pods, string(f.bytes(f.unsigned())))
	}
	if n >= uint64(len(b.pods)) {
		f.err = errRecord
		return ""
	}
	return b.pods[n]
}
