// Composition of the one binary, top to bottom.
int main() { return 0; }
