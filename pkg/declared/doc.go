// Package declared knows what is declared of a workload and of what acts on it, and in what two such states differ.
//
// [Read] takes a state: the workload, those of its ReplicaSets that are to have pods, the Services, PodDisruptionBudgets and
// HorizontalPodAutoscalers that are about its pods, and the ConfigMaps that these use. What controllers and the API server write
// is left out, and with it the status; of a Service there is the number of its ready endpoints. Secrets are not read: the
// permission is not worth it, and an undo that finds one changed says so by itself.
//
// A state may hold what nobody should read. It stays in memory, and what [State.Differences] tells of it are the names of fields,
// and values only where they cannot be secret.
package declared
