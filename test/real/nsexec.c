// Runs a program in namespaces of another process, as Chaos Mesh's own nsexec does, which is a Rust program and no Go module.
// usage: nsexec [-l] [-n|-m|-p|-i|-c|-u|-U PATH]... -- PROGRAM [ARGUMENT]...
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char *what) {
  perror(what);
  return 125;
}

// A namespace of processes holds only the children of who enters it.
static int run_as_child(char **command) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    execvp(command[0], command);
    _exit(fail(command[0]));
  }
  if (child < 0 || waitpid(child, &status, 0) < 0) return fail("nsexec: fork");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int count, char **words) {
  int keeps_files = 0, forks = 0, option;
  // `+`: the options end with the first word that is none. PROGRAM must be found before the mounts change, so they change last.
  const char *mounts = NULL;
  while ((option = getopt(count, words, "+ln:m:p:i:c:u:U:")) != -1) {
    if (option == '?') return 125;
    if (option == 'l') keeps_files = 1;
    else if (option == 'm') mounts = optarg;
    else {
      int file = open(optarg, O_RDONLY | O_CLOEXEC);
      if (file < 0 || setns(file, 0) < 0) return fail(optarg);
      if (option == 'p') forks = 1;
    }
  }
  if (mounts != NULL && !keeps_files) {
    int file = open(mounts, O_RDONLY | O_CLOEXEC);
    if (file < 0 || setns(file, 0) < 0) return fail(mounts);
  }
  if (optind >= count) return fail("nsexec: no program");
  if (forks) return run_as_child(words + optind);
  execvp(words[optind], words + optind);
  return fail(words[optind]);
}
