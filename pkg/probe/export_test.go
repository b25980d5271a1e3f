package probe

// Resolve is for tests of several servers and search domains, which /etc/resolv.conf has otherwise.
var Resolve = resolve
