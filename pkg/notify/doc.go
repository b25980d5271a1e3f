// Package notify tells people and programs how game days go: by webhooks, by what takes messages as Slack does, and by Events on the
// target.
//
// A [Message] goes to a [Receiver] through the [Post], which keeps nobody waiting: each receiver has a queue of its own, attempts
// that failed are repeated, and what cannot be delivered is told to whoever made the post. A receiver makes one attempt, and is
// told of one message several times under one identifier, so that it can tell a repetition.
//
// Addresses and keys are secrets. They are read for each attempt, by a [Secret], and no error holds any part of them, nor of what a
// server answered, which may hold what it was sent.
package notify
