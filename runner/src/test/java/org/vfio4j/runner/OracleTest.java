// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vfio4j.SysView;
import org.vfio4j.runner.notify.InterestingCalls;

/**
 * A program that asked a kernel hundreds of questions asks the machine the same. Every answer is compared with the recorded one;
 * {@code differences.txt} beside them lists those that stay different, each with its reason, and must be exact.
 */
class OracleTest {
    private static final Pattern OBSERVATION = Pattern.compile("T\\|.*|F\\|.*|---.*");
    private static final Pattern DESCRIPTOR = Pattern.compile("(.*(?:=> |data_fd ))(\\d+)( now \\d)?");
    private static final Path LOADER = Path.of("/lib64/ld-linux-x86-64.so.2");

    /** The kernel gave the program this one first, being its init. */
    private static final int LOWEST_OF_KERNEL = 4;

    /** The kernel's default, which the program must be able to exhaust. */
    private static final int DESCRIPTORS = 1024;

    private static final String NOTHING = "";
    private static final int ATTEMPTS = 3;

    @BeforeAll
    static void needLoader() {
        assumeTrue(Files.exists(LOADER), "skipped: the program needs " + LOADER);
    }

    private record Pair(String kernel, String here) {
        boolean same() {
            if (kernel.equals(here)) {
                return true;
            }
            var theirs = DESCRIPTOR.matcher(kernel);
            var ours = DESCRIPTOR.matcher(here);
            return theirs.matches()
                    && ours.matches()
                    && theirs.group(1).equals(ours.group(1))
                    && String.valueOf(theirs.group(3)).equals(String.valueOf(ours.group(3)))
                    && isDescriptor(theirs.group(2), LOWEST_OF_KERNEL, InterestingCalls.FIRST_DESCRIPTOR)
                    && isDescriptor(ours.group(2), InterestingCalls.FIRST_DESCRIPTOR, DESCRIPTORS);
        }

        private static boolean isDescriptor(String number, int from, int to) {
            long value = Long.parseLong(number);
            return from <= value && value < to;
        }
    }

    private static List<String> observations(List<String> lines) {
        return lines.stream()
                .map(String::stripTrailing)
                .filter(line -> OBSERVATION.matcher(line).matches())
                .toList();
    }

    /** Question by question; rounds of a race are reported only when they end unusually. */
    private static List<Pair> pairs(List<String> kernel, List<String> here) {
        var pairs = new ArrayList<Pair>();
        var recorded = kernel.iterator();
        for (String line : here) {
            boolean extra = line.startsWith("T| race round") || !recorded.hasNext();
            pairs.add(new Pair(extra ? NOTHING : recorded.next(), line));
        }
        recorded.forEachRemaining(line -> pairs.add(new Pair(line, NOTHING)));
        return pairs;
    }

    private static List<String> ask(String part, String machine, SysView view)
            throws IOException, InterruptedException {
        try (var programs = new NativePrograms();
                var vfio = NativePrograms.machine("oracle/" + machine);
                var run = NativePrograms.intercept(vfio, view)) {
            Path program = programs.executable(NativePrograms.file("oracle/core-probe-x86_64"));
            var answer = programs.run(
                    run,
                    Path.of("/bin/sh"),
                    "-c",
                    "ulimit -S -n " + DESCRIPTORS + "; exec \"$0\" \"$1\"",
                    program.toString(),
                    part);
            assertThat(answer.code()).as("exit code; %s", answer.err()).isZero();
            assertThat(answer.out()).last().isEqualTo("ALLDONE");
            assertThat(run.openFiles()).as("files left open").isZero();
            return observations(answer.out());
        }
    }

    private static void compare(String part, String machine, SysView view) throws IOException, InterruptedException {
        var known = KnownDifferences.read(NativePrograms.file("oracle/differences.txt"));
        var recorded = observations(Files.readAllLines(
                NativePrograms.file("oracle/expected-7.2.13/" + part + ".txt"), StandardCharsets.ISO_8859_1));
        assertThat(recorded).isNotEmpty();
        var expected = known.expected(part, view);
        List<String> differences;
        int attempt = 0;
        boolean late;
        do {
            var unlike = pairs(recorded, ask(part, machine, view)).stream()
                    .filter(pair -> !pair.same())
                    .toList();
            differences = unlike.stream()
                    .map(pair -> KnownDifferences.difference(pair.kernel, pair.here))
                    .toList();
            var unlisted = unlike.stream()
                    .filter(pair -> !expected.contains(KnownDifferences.difference(pair.kernel, pair.here)))
                    .toList();
            late = !unlisted.isEmpty() && unlisted.stream().allMatch(pair -> known.clocked(pair.here));
        } while (late && ++attempt < ATTEMPTS);
        assertThat(differences)
                .as("answers of part %s unlike the kernel's", part)
                .containsExactlyElementsOf(expected);
    }

    @ParameterizedTest
    @CsvSource({"main, MOUNT", "main, INTERCEPT", "removal, MOUNT", "removal, INTERCEPT", "v72, AUTO", "extra, AUTO"})
    void shouldAnswerAsTheKernelDid(String part, SysView view) throws IOException, InterruptedException {
        compare(part, "machine.json", view);
    }

    @Test
    void shouldAnswerAsTheKernelDidWithoutIommu() throws IOException, InterruptedException {
        compare("noiommu", "machine-noiommu.json", SysView.AUTO);
    }
}
