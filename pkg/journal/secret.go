package journal

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/chaosctl/chaosctl/pkg/inject"
)

const (
	// SecretType is that of the Secrets that hold journals.
	SecretType = inject.JournalType
	// Label is on each of them; its value is the run's id.
	Label = "chaosctl.dev/journal"

	headerKey = "header"
	// moreKey is in a Secret that another one follows. Who reads may be allowed to read no other.
	moreKey = "more"
	// SecretBudget is how many bytes of entries a Secret gets; Kubernetes allows 1 MiB.
	SecretBudget = 960 << 10
	// partSize is how much of an entry stands under one key, so that an entry may be larger than a Secret.
	partSize = 256 << 10
)

// Secret is a journal in the cluster: one Secret, and further ones whose names begin with chunk2-, chunk3-, … where that is full.
// Every append is one patch of one Secret under a precondition on its UID: once somebody has removed the journal, which
// whoever recovers a run does in the end, the run cannot record an intent any more, and so not change anything.
type Secret struct {
	client typedv1.SecretInterface
	header Header
	name   string

	mu      sync.Mutex
	entries int
	chunk   int // the number of the Secret in use, from 1
	uid     types.UID
	used    int
	uids    []types.UID
}

// ErrExists says that there is a journal of that name: of a run that is in progress, or was not undone.
var ErrExists = errors.New("there is a journal of that name already")

// CreateSecret makes the journal of a run. That is atomic: of several who try, one succeeds, and the others get
// [ErrExists].
func CreateSecret(ctx context.Context, client typedv1.SecretInterface, name string, header Header) (*Secret, error) {
	j := &Secret{client: client, header: header, name: name}
	if err := j.create(ctx, 1); err != nil {
		return nil, err
	}
	// What cannot be read back would be of no use to whoever recovers the run.
	if _, err := client.Get(ctx, name, metav1.GetOptions{}); err != nil {
		return nil, fmt.Errorf("the journal in the cluster cannot be read back: %w", err)
	}
	return j, nil
}

func (j *Secret) create(ctx context.Context, chunk int) error {
	text, err := json.Marshal(j.header)
	if err != nil {
		return err
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: ChunkName(j.name, chunk), Labels: map[string]string{
			Label: j.header.Run, "app.kubernetes.io/managed-by": "chaosctl",
		}},
		Type: SecretType,
		Data: map[string][]byte{headerKey: text},
	}
	created, err := j.client.Create(ctx, secret, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		// It may be our own, from a request whose answer was lost.
		created, err = j.client.Get(ctx, secret.Name, metav1.GetOptions{})
		if err == nil && !bytes.Equal(created.Data[headerKey], text) {
			err = ErrExists
		}
	}
	if err != nil {
		return err
	}
	j.chunk, j.uid, j.used = chunk, created.UID, len(text)
	j.uids = append(j.uids, created.UID)
	return nil
}

// ChunkName is the name of a journal's Secret of that number, counted from 1.
func ChunkName(name string, chunk int) string {
	if chunk == 1 {
		return name
	}
	return fmt.Sprintf("chunk%d-%s", chunk, name)
}

// IsChunk says of a Secret's name that it is one of the further ones of a journal.
func IsChunk(name string) bool {
	var number int
	n, err := fmt.Sscanf(name, "chunk%d-", &number)
	return n == 1 && err == nil
}

// Append patches the entries in. It may take several requests where they do not fit into one Secret; after an error the
// same entries, given again, take the place of what was written of them.
func (j *Secret) Append(ctx context.Context, entries ...Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	pending, size := map[string][]byte{}, 0
	flush := func() error {
		if len(pending) == 0 {
			return nil
		}
		err := j.patch(ctx, pending)
		if err == nil {
			j.used += size
			pending, size = map[string][]byte{}, 0
		}
		return err
	}
	for i, e := range entries {
		parts, err := encode(e)
		if err != nil {
			return err
		}
		for n, part := range parts {
			key := fmt.Sprintf("%08d.%d.%d", j.entries+i, n+1, len(parts))
			if j.used+size+len(part)+len(key) > SecretBudget {
				if err := flush(); err != nil {
					return err
				}
				if err := j.patch(ctx, map[string][]byte{moreKey: {'1'}}); err != nil {
					return err
				}
				if err := j.create(ctx, j.chunk+1); err != nil {
					return err
				}
			}
			pending[key] = part
			size += len(part) + len(key)
		}
	}
	if err := flush(); err != nil {
		return err
	}
	j.entries += len(entries)
	return nil
}

func (j *Secret) patch(ctx context.Context, data map[string][]byte) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": j.uid}, "data": data})
	if err != nil {
		return err
	}
	_, err = j.client.Patch(ctx, ChunkName(j.name, j.chunk), types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "chaosctl"})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return fmt.Errorf("the run's journal was removed from the cluster: somebody else has recovered the run: %w", err)
	}
	return err
}

// Remove deletes the journal, the first Secret last.
func (j *Secret) Remove(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return remove(ctx, j.client, j.name, j.uids)
}

func remove(ctx context.Context, client typedv1.SecretInterface, name string, uids []types.UID) error {
	for chunk := len(uids); chunk >= 1; chunk-- {
		err := client.Delete(ctx, ChunkName(name, chunk), metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uids[chunk-1]}})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return err
		}
	}
	return nil
}

// Stored is a journal that was found in the cluster.
type Stored struct {
	Header  Header
	Entries []Entry
	// Damage says what could not be read; nil where all could.
	Damage error

	client    typedv1.SecretInterface
	namespace string
	name      string
	uids      []types.UID
}

// ReadSecret reads a journal. The error is one of the API server; what is wrong with the content is in Damage.
func ReadSecret(ctx context.Context, client typedv1.SecretInterface, name string) (*Stored, error) {
	s := &Stored{client: client, name: name}
	keys := map[string][]byte{}
	for chunk, more := 1, true; more && s.Damage == nil; chunk++ {
		secret, err := client.Get(ctx, ChunkName(name, chunk), metav1.GetOptions{})
		if chunk > 1 && apierrors.IsNotFound(err) {
			break
		}
		if err != nil {
			return nil, err
		}
		if chunk > 1 && secret.Type != SecretType {
			break // somebody else's, of a name like ours
		}
		if chunk == 1 {
			s.Damage = s.readHeader(secret)
		}
		s.uids, s.namespace = append(s.uids, secret.UID), secret.Namespace
		more = len(secret.Data[moreKey]) > 0
		delete(secret.Data, headerKey)
		delete(secret.Data, moreKey)
		maps.Copy(keys, secret.Data)
	}
	if s.Damage == nil {
		s.Entries, s.Damage = decodeAll(name, keys)
	}
	return s, nil
}

func (s *Stored) readHeader(secret *corev1.Secret) error {
	if err := json.Unmarshal(secret.Data[headerKey], &s.Header); err != nil || secret.Type != SecretType {
		return fmt.Errorf("secret %s/%s is no journal, or its header is damaged", secret.Namespace, secret.Name)
	}
	return nil
}

func (s *Stored) String() string { return s.namespace + "/" + s.name }

// Remove deletes the journal.
func (s *Stored) Remove(ctx context.Context) error { return remove(ctx, s.client, s.name, s.uids) }

// encode packs an entry into parts.
func encode(e Entry) ([][]byte, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed) // its checksum tells damage
	if err := errors.Join(json.NewEncoder(w).Encode(e), w.Close()); err != nil {
		return nil, err
	}
	return slices.Collect(slices.Chunk(packed.Bytes(), partSize)), nil
}

// decodeAll puts the parts together, in the order of the entries.
func decodeAll(name string, keys map[string][]byte) ([]Entry, error) {
	type entry struct {
		number, parts int
		data          map[int][]byte
	}
	byNumber := map[int]*entry{}
	var damage []error
	for key, data := range keys {
		var number, part, parts int
		if n, err := fmt.Sscanf(key, "%08d.%d.%d", &number, &part, &parts); n != 3 || err != nil || part < 1 || part > parts {
			damage = append(damage, fmt.Errorf("secret %s: the key %q is none of a journal", name, key))
			continue
		}
		if byNumber[number] == nil || byNumber[number].parts != parts {
			byNumber[number] = &entry{number, parts, map[int][]byte{}}
		}
		byNumber[number].data[part] = data
	}
	all := slices.SortedFunc(maps.Values(byNumber), func(a, b *entry) int { return cmp.Compare(a.number, b.number) })
	var entries []Entry
	for _, e := range all {
		var packed []byte
		for part := 1; part <= e.parts; part++ {
			packed = append(packed, e.data[part]...)
		}
		decoded, err := decodeEntry(packed)
		switch {
		case err == nil:
			entries = append(entries, decoded)
		case len(e.data) < e.parts && e == all[len(all)-1]:
			// Its writer ended before all parts were there; so nothing was sent on its account.
		default:
			damage = append(damage, fmt.Errorf("secret %s: entry %d is damaged: %w", name, e.number, err))
		}
	}
	return entries, errors.Join(damage...)
}

func decodeEntry(packed []byte) (Entry, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return Entry{}, err
	}
	text, err := io.ReadAll(io.LimitReader(r, 64<<20))
	if err != nil {
		return Entry{}, err
	}
	var e Entry
	if err := json.Unmarshal(text, &e); err != nil {
		return Entry{}, err
	}
	if e.Change == nil {
		return Entry{}, errors.New("it holds no change")
	}
	return e, nil
}
