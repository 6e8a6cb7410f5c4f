/* main() of a fuzz target that is built without libFuzzer: run_corpus FOLDER runs every file in it
 * once. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_SIZE = 1 << 20 }; /* bytes of one file */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run_file(const char *path)
{
	uint8_t *data = malloc(MAX_SIZE);
	FILE *file = fopen(path, "rb");

	if (!data || !file) {
		perror(path);
		exit(1);
	}
	LLVMFuzzerTestOneInput(data, fread(data, 1, MAX_SIZE, file));
	fclose(file);
	free(data);
}

int main(int argc, char **argv)
{
	struct dirent **names;
	int count = argc == 2 ? scandir(argv[1], &names, NULL, alphasort) : -1;
	int run = 0;
	char path[4096];

	for (int i = 0; i < count; i++) {
		if (*names[i]->d_name != '.') {
			snprintf(path, sizeof(path), "%s/%s", argv[1], names[i]->d_name);
			run_file(path);
			run++;
		}
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	fprintf(stderr, "%d inputs\n", run);
	return run ? 0 : 1;
}
