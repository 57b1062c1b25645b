//go:build race

package tlsnet_test

const underRace = true
