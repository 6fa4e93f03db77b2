// Checks files in Plume's format with Plume's own loader and checker and prints a line for each file and pass:
// PASS VERDICT CHECK_NS PARSE_NS PATH. Called with LEVEL PASSES FILE...; the first pass is on a cold JVM.

import alg.AlgType;
import alg.IsolationLevel;
import alg.Plume;
import history.History;
import java.io.File;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import loader.TextHistoryLoader;

public class Driver {
  private static final long STACK_BYTES = 1L << 30; // Plume recurses

  private static IsolationLevel level(String name) {
    switch (name) {
      case "read-committed":
        return IsolationLevel.RC;
      case "read-atomic":
        return IsolationLevel.RA;
      default:
        return IsolationLevel.TCC;
    }
  }

  private static void run(String[] arguments) {
    PrintStream output = System.out;
    System.setOut(new PrintStream(OutputStream.nullOutputStream())); // it prints times of its own
    IsolationLevel level = level(arguments[0]);
    int passes = Integer.parseInt(arguments[1]);
    List<History<Long, Long>> histories = new ArrayList<>();
    List<Long> parseTimes = new ArrayList<>();
    for (int i = 2; i < arguments.length; ++i) {
      long begin = System.nanoTime();
      histories.add(new TextHistoryLoader(new File(arguments[i])).loadHistory());
      parseTimes.add(System.nanoTime() - begin);
    }
    for (int pass = 0; pass < passes; ++pass) {
      for (int i = 0; i < histories.size(); ++i) {
        long begin = System.nanoTime();
        Plume<Long, Long> plume = new Plume<>(AlgType.PLUME, histories.get(i), level, false);
        plume.validate();
        String verdict = plume.getBadPatterns().isEmpty() ? "valid" : "invalid";
        long checkNs = System.nanoTime() - begin;
        output.printf("%d %s %d %d %s%n", pass, verdict, checkNs, parseTimes.get(i), arguments[i + 2]);
      }
    }
    output.flush();
  }

  public static void main(String[] arguments) throws InterruptedException {
    if (arguments.length < 3) {
      System.err.println("usage: LEVEL PASSES FILE...");
      System.exit(2);
    }
    Throwable[] thrown = new Throwable[1];
    Thread thread = new Thread(null, () -> run(arguments), "check", STACK_BYTES);
    thread.setUncaughtExceptionHandler((t, e) -> thrown[0] = e);
    thread.start();
    thread.join();
    if (thrown[0] != null) {
      System.err.println(thrown[0]);
      System.exit(1);
    }
  }
}
