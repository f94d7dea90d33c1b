// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The examples of {@code docs/run.md}: each command is run as it stands there, in a folder that looks like the project's, and must
 * say what stands below it. Numbers of threads and addresses differ from run to run; a line of three dots stands for any lines.
 */
class DocumentedIT {
    private static final Pattern THREAD = Pattern.compile("^\\[\\d+]");
    private static final Pattern ADDRESS = Pattern.compile("0x7[0-9a-f]{11}");

    private record Example(String command, List<String> output) {}

    private static String stable(String line) {
        return ADDRESS.matcher(THREAD.matcher(line).replaceAll("[THREAD]")).replaceAll("ADDRESS");
    }

    /** What stands between fences: a command after a dollar sign, lines that its quotes still hold, and its output. */
    private static List<Example> examples(List<String> page) {
        var found = new ArrayList<Example>();
        boolean inside = false;
        boolean started = false; // blocks without a dollar sign are other things
        for (String line : page) {
            if (line.startsWith("```")) {
                inside = !inside;
                started = false;
            } else if (inside && line.startsWith("$ ")) {
                started = true;
                found.add(new Example(line.substring(2), new ArrayList<>()));
            } else if (started) {
                Example last = found.removeLast();
                if (last.command.chars().filter(character -> character == '\'').count() % 2 == 1) {
                    found.add(new Example(last.command + "\n" + line, last.output));
                } else {
                    last.output.add(line);
                    found.add(last);
                }
            }
        }
        return found;
    }

    private static void assertSaid(Example example, List<String> said) {
        int at = 0;
        boolean any = false;
        for (String expected : example.output.stream().map(DocumentedIT::stable).toList()) {
            if (expected.equals("...")) {
                any = true;
                continue;
            }
            int found = any ? at + Math.max(0, said.subList(at, said.size()).indexOf(expected)) : at;
            assertThat(found).as("output of %s: %s", example.command, said).isLessThan(said.size());
            assertThat(said.get(found)).as("output of %s", example.command).isEqualTo(expected);
            at = found + 1;
            any = false;
        }
        if (!any) {
            assertThat(said.subList(at, said.size()))
                    .as("more output of %s", example.command)
                    .isEmpty();
        }
    }

    @Test
    void shouldSayWhatTheDocumentationSays(@TempDir Path folder) throws IOException, InterruptedException {
        NativeSources.compile("group", Files.createDirectory(folder.resolve("probe"))); // skipped without a compiler
        Path project = NativeSources.project();
        for (String name : List.of("machines", "runner", "vfio4j")) {
            Files.createSymbolicLink(folder.resolve(name), project.resolve(name));
        }
        var examples = examples(Files.readAllLines(project.resolve("docs/run.md")));
        assumeTrue(Files.exists(Path.of("/bin/sh")), "skipped: no shell");
        assertThat(examples).extracting(Example::command).hasSizeGreaterThanOrEqualTo(4);
        for (Example example : examples) {
            // Both outputs in one, as on a terminal.
            Process process = new ProcessBuilder("/bin/sh", "-c", example.command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            List<String> said;
            try (Stream<String> lines = process.inputReader().lines()) {
                said = lines.map(DocumentedIT::stable).toList();
            }
            assertThat(process.waitFor())
                    .as("exit code of %s: %s", example.command, said)
                    .isZero();
            assertSaid(example, said);
        }
    }
}
