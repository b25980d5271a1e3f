package release

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"strings"
	"time"
)

// member is a file of an archive.
type member struct {
	name    string
	mode    fs.FileMode
	content []byte
}

// archive packs files, in the order given. Nothing in it depends on when or by whom: all is of one time, belongs to root, and has the
// mode that it is given.
func archive(name string, at time.Time, members []member) ([]byte, error) {
	at = at.UTC() // a zip file has the time of a place
	if strings.HasSuffix(name, ".zip") {
		return zipped(at, members)
	}
	return tarred(at, members)
}

func tarred(at time.Time, members []member) ([]byte, error) {
	var text bytes.Buffer
	compressor, err := gzip.NewWriterLevel(&text, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	writer := tar.NewWriter(compressor)
	for _, m := range members {
		header := &tar.Header{Name: m.name, Mode: int64(m.mode), Size: int64(len(m.content)), ModTime: at, Uname: "root", Gname: "root", Format: tar.FormatUSTAR}
		if err := writer.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := writer.Write(m.content); err != nil {
			return nil, err
		}
	}
	err = errors.Join(writer.Close(), compressor.Close())
	return text.Bytes(), err
}

func zipped(at time.Time, members []member) ([]byte, error) {
	var text bytes.Buffer
	writer := zip.NewWriter(&text)
	writer.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	for _, m := range members {
		header := &zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: at}
		header.SetMode(m.mode)
		file, err := writer.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(m.content); err != nil {
			return nil, err
		}
	}
	err := writer.Close()
	return text.Bytes(), err
}
