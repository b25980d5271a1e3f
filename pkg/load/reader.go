package load

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// ErrTorn says that a sample file has no end mark: the run that wrote it was killed. All whole blocks were delivered.
var ErrTorn = errors.New("the sample file has no end: its run was killed, and up to a second of samples is missing")

// ErrCorrupt says that blocks of a sample file are damaged. All others were delivered.
var ErrCorrupt = errors.New("the sample file is damaged")

// ReadSamples passes every sample of a file to each, in the order in which the requests ended, in memory that does not
// grow with the file. An error of each ends it and is returned.
//
// What can be read is delivered before damage is reported: test the error with [errors.Is] for [ErrTorn], which the file
// of a killed run always gives, and for [ErrCorrupt].
func ReadSamples(r io.Reader, each func(Sample) error) error {
	in := bufio.NewReaderSize(r, 1<<16)
	if err := readHeader(in); err != nil {
		return err
	}
	var block []byte
	damaged := 0
	for {
		records, sound, err := readBlock(in, block)
		switch {
		case errors.Is(err, ErrTorn), errors.Is(err, ErrCorrupt):
			return errors.Join(damage(damaged), err)
		case err != nil:
			return err
		case !sound:
			damaged++
			continue
		case len(records) == 0:
			return damage(damaged)
		}
		if err := decode(records, each); err != nil {
			return err
		}
		block = records[:0]
	}
}

// damage reports blocks that were skipped.
func damage(blocks int) error {
	if blocks == 0 {
		return nil
	}
	return fmt.Errorf("%w: blocks with a wrong checksum: %d", ErrCorrupt, blocks)
}

func readHeader(in *bufio.Reader) error {
	line, err := in.ReadString('\n')
	switch {
	case line == header, line == headerOne:
		return nil
	case err != nil && err != io.EOF:
		return err
	case err == io.EOF && strings.HasPrefix(header, line):
		return ErrTorn
	case strings.HasPrefix(line, headerFamily):
		version := strings.TrimSpace(strings.TrimPrefix(line, headerFamily))
		return fmt.Errorf("the sample file is of version %q; this program reads versions 1 and 2", version)
	default:
		return errors.New("not a sample file")
	}
}

// readBlock reads the records of the next block into the room of buffer, and says whether they match their checksum.
func readBlock(in *bufio.Reader, buffer []byte) (records []byte, sound bool, err error) {
	var frame [frameBytes]byte
	if _, err := io.ReadFull(in, frame[:]); err != nil {
		return nil, false, torn(err)
	}
	length := binary.LittleEndian.Uint32(frame[:4])
	if length > maxBlock {
		// Where the next block begins is lost with the length.
		return nil, false, fmt.Errorf("%w: a block claims %d bytes; what follows cannot be read", ErrCorrupt, length)
	}
	if uint32(cap(buffer)) < length {
		buffer = make([]byte, length)
	}
	records = buffer[:length]
	if _, err := io.ReadFull(in, records); err != nil {
		return nil, false, torn(err)
	}
	return records, crc32.Checksum(records, castagnoli) == binary.LittleEndian.Uint32(frame[4:]), nil
}

func torn(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTorn
	}
	return err
}

func decode(records []byte, each func(Sample) error) error {
	state, f := newBlockState(), &fields{rest: records}
	for len(f.rest) > 0 {
		s, err := state.readRecord(f)
		if err != nil {
			return errors.Join(ErrCorrupt, err)
		}
		if err := each(s); err != nil {
			return err
		}
	}
	return nil
}
