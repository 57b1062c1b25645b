module example.com/bad

go 1.25 // want 10

toolchain go1.26.0 // want 10
