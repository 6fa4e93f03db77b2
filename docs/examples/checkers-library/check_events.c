// Tells two histories event by event and checks them: in the second, a read misses a write that was over.

#include <ordeal/ordeal_checkers.h>
#include <stdio.h>

// Adds an operation that begins, ends and succeeds before the next one begins.
static ordeal_code add(ordeal_history* history, int process, const char* f, const char* argument,
                       const char* result, char** message) {
  ordeal_code code = ordeal_history_add(history, ORDEAL_INVOKE, process, ORDEAL_NO_TIME, f, "\"x\"", argument,
                                        NULL, message);
  if (code != ORDEAL_OK) return code;
  return ordeal_history_add(history, ORDEAL_COMPLETE_OK, process, ORDEAL_NO_TIME, f, "\"x\"", result, NULL,
                            message);
}

static ordeal_code check_story(const char* name, const char* last_answer, char** message) {
  static const char* const words[] = {"valid", "invalid", "unknown"};
  ordeal_budget budget = {.struct_size = sizeof budget, .steps_max = 1000000, .seconds = 10};
  ordeal_history* history = NULL;
  ordeal_finding* finding = NULL;
  ordeal_code code = ordeal_history_new(&history, message);
  if (code == ORDEAL_OK) code = add(history, 0, "write", "1", "1", message);
  if (code == ORDEAL_OK) code = add(history, 0, "write", "2", "2", message);
  if (code == ORDEAL_OK) code = add(history, 1, "read", NULL, last_answer, message);
  if (code == ORDEAL_OK) code = ordeal_check(history, "register", &budget, &finding, message);
  if (code == ORDEAL_OK) {
    printf("%s: %s\n", name, words[ordeal_finding_verdict(finding)]);
    if (ordeal_finding_verdict(finding) != ORDEAL_VALID) printf("  %s\n", ordeal_finding_why(finding));
  }
  ordeal_finding_free(finding);
  ordeal_history_free(history);
  return code;
}

int main(void) {
  char* message = NULL;
  ordeal_code code = check_story("fresh read", "2", &message);
  if (code == ORDEAL_OK) code = check_story("stale read", "1", &message);
  if (code != ORDEAL_OK) fprintf(stderr, "%s\n", message != NULL ? message : "out of memory");
  ordeal_text_free(message);
  return code == ORDEAL_OK ? 0 : 1;
}
