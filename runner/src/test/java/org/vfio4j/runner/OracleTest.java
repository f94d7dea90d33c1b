// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A program that asked a real kernel hundreds of questions asks the machine the same, and every answer is compared with the
 * recorded one. Numbers of descriptors and groups may differ; other differences are listed, each with its
 * reason.
 */
class OracleTest {
    private static final Pattern OBSERVATION = Pattern.compile("(T\\|.*|F\\|.*|---.*)");
    private static final Pattern ANSWER = Pattern.compile("(.* => )(\\d+)");

    /** Lines that may differ, and why. */
    private static final List<Difference> KNOWN = List.of(
            new Difference(
                    "CHECK_EXT(ENSION)?\\((2|7)\\).*",
                    "the SPAPR backend is on the module path, a PC's kernel has none"),
            new Difference("T\\|   data_fd \\d+ now [34]", "a descriptor's number"),
            new Difference(
                    "reopen via /proc/self/fd during removal", "a device that is being removed is found no more"),
            new Difference(
                    "remover (still blocked after SIG|done => ).*",
                    "a caller that is killed does not wait for the supervisor's answer"),
            new Difference("LOW_POWER wakeup.*", "the machine's function has no wake-up"),
            new Difference("(pci|PASID) (ATTACH|DETACH|attach).*", "the machine has no PASIDs"),
            new Difference("pci BIND TOKEN .*", "the function takes no token"),
            new Difference("T\\| bar\\d .*|T\\| argsz .*", "another device has other registers"),
            new Difference("T\\| (groups|ids) .*", "numbers of groups and objects"),
            new Difference("drivers_probe B3", "a refused probe is not reported to the writer"),
            new Difference(
                    "racing BIND winners.*|T\\| race round .*",
                    "who holds the device has ended when a slow one comes"));

    private record Difference(String pattern, String reason) {}

    private static List<String> observations(List<String> lines) {
        return lines.stream()
                .map(String::strip)
                .filter(line -> OBSERVATION.matcher(line).matches())
                .toList();
    }

    private static List<String> expected(String part) throws IOException {
        return observations(Files.readAllLines(
                NativePrograms.file("oracle/expected-7.2.13/" + part + ".txt"), StandardCharsets.ISO_8859_1));
    }

    private static boolean same(String expected, String got) {
        if (expected.equals(got)) {
            return true;
        }
        Matcher one = ANSWER.matcher(expected);
        Matcher other = ANSWER.matcher(got);
        return one.matches()
                && other.matches()
                && one.group(1).equals(other.group(1))
                && Integer.parseInt(one.group(2)) >= 3
                && Integer.parseInt(other.group(2)) >= 512;
    }

    private static boolean known(String line) {
        return KNOWN.stream()
                .anyMatch(known -> Pattern.compile(known.pattern).matcher(line).find());
    }

    private static void compare(String part, String machine) throws IOException, InterruptedException {
        Path program = NativePrograms.file("oracle/core-probe-x86_64");
        try (var programs = new NativePrograms();
                var vfio = NativePrograms.machine(machine);
                var run = NativePrograms.intercept(vfio)) {
            Path copy = programs.executable(program);
            List<String> got = observations(programs.run(
                            run,
                            Path.of("/bin/sh"),
                            "-c",
                            "ulimit -S -n 1024; exec \"$0\" \"$1\"",
                            copy.toString(),
                            part)
                    .out());
            List<String> expected = expected(part).stream()
                    .filter(line -> !line.startsWith("T| race"))
                    .toList();
            got = got.stream().filter(line -> !line.startsWith("T| race")).toList();
            assertThat(got).as("observations of part %s", part).hasSameSizeAs(expected);
            var differences = new ArrayList<String>();
            for (int i = 0; i < got.size(); i++) {
                if (!same(expected.get(i), got.get(i)) && !(known(expected.get(i)) || known(got.get(i)))) {
                    differences.add(expected.get(i) + "   but got   " + got.get(i));
                }
            }
            assertThat(differences)
                    .as("answers of part %s unlike the kernel's", part)
                    .isEmpty();
            assertThat(run.openFiles()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"main", "removal", "v72", "extra"})
    void shouldAnswerAsTheKernelDid(String part) throws IOException, InterruptedException {
        compare(part, "oracle/machine.json");
    }

    @Test
    void shouldAnswerAsTheKernelDidWithoutIommu() throws IOException, InterruptedException {
        compare("noiommu", "oracle/machine-noiommu.json");
    }
}
