// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Java in the documentation is code that compiles and is tested: each block stands, word for word, in the source file that
 * the comment before it names: {@code <!-- from examples/.../AdderOps.java -->}.
 */
class DocsTest {
    private static final Path PROJECT =
            Objects.requireNonNull(Path.of("").toAbsolutePath().getParent());
    private static final Pattern ORIGIN = Pattern.compile("<!-- from (\\S+) -->");

    /** Guides whose every block has an origin. */
    @ParameterizedTest
    @ValueSource(strings = {"docs/writing-a-driver.md", "docs/writing-a-backend.md"})
    void shouldShowOnlyCodeThatCompiles(String document) throws IOException {
        var blocks = blocks(Files.readAllLines(PROJECT.resolve(document)));
        assertThat(blocks).as("java blocks in %s", document).isNotEmpty();
        for (var block : blocks) {
            assertThat(block.origin())
                    .as(
                            "%s, line %d: the java block has no comment <!-- from FILE --> in the line before it",
                            document, block.line())
                    .isPresent();
        }
        assertThat(problems(document, blocks)).as("problems").isEmpty();
    }

    /** Pages where some blocks are only sketches; those that name an origin are held to it. */
    @ParameterizedTest
    @ValueSource(strings = {"README.md", "docs/architecture.md"})
    void shouldQuoteFaithfully(String document) throws IOException {
        var file = PROJECT.resolve(document);
        assumeTrue(Files.exists(file), () -> "skipped: there is no " + document);
        assertThat(problems(document, blocks(Files.readAllLines(file))))
                .as("problems")
                .isEmpty();
    }

    /** The page is a copy of what the build made from the tests that passed. */
    @Test
    void shouldShowTheUapiCoverageThatTheTestsProve() throws IOException {
        var generated = PROJECT.resolve("target/uapi.md");
        assumeTrue(
                everyModuleReported(),
                "skipped: target/uapi.md knows the results of some modules only; run the whole build");
        assertThat(Files.readString(PROJECT.resolve("docs/uapi.md")))
                .as("docs/uapi.md is out of date: copy target/uapi.md over it")
                .isEqualTo(Files.readString(generated));
    }

    /** Whether each module with a tagged test has left its part of the coverage. */
    private static boolean everyModuleReported() throws IOException {
        try (var modules = Files.list(PROJECT)) {
            // This module proves no line, and its own part would come after its tests.
            for (var module : modules.filter(folder -> Files.isDirectory(folder.resolve("src/test/java")))
                    .filter(folder -> !folder.endsWith("architecture-tests"))
                    .toList()) {
                var part = PROJECT.resolve("target/spec-coverage.d/vfio4j-" + module.getFileName() + ".part");
                if (hasTaggedTest(module.resolve("src/test/java")) && !Files.exists(part)) {
                    return false;
                }
            }
        }
        return Files.exists(PROJECT.resolve("target/uapi.md"));
    }

    private static boolean hasTaggedTest(Path sources) throws IOException {
        try (var files = Files.walk(sources)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                if (Files.readString(file).contains("@Spec(")) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void shouldNoticeCodeThatIsNotInItsSource() throws IOException {
        var here = "architecture-tests/src/test/java/org/vfio4j/architecture/DocsTest.java";
        var quoted = List.of("<!-- from " + here + " -->", "```java", "class DocsTest {", "```");
        assertThat(problems("a page", blocks(quoted))).isEmpty();
        var altered = List.of("<!-- from " + here + " -->", "```java", "class Docs" + "Testing {", "```");
        assertThat(problems("a page", blocks(altered)))
                .singleElement()
                .asString()
                .contains("a page, line 2", here);
        var elsewhere = List.of("<!-- from no/such/File.java -->", "```java", "class DocsTest {", "```");
        assertThat(problems("a page", blocks(elsewhere)))
                .singleElement()
                .asString()
                .contains("no/such/File.java");
    }

    /**
     * A block of Java.
     *
     * @param line number of its first line
     * @param origin the file it is from
     * @param code its lines
     */
    private record Block(int line, Optional<String> origin, List<String> code) {}

    private static List<Block> blocks(List<String> lines) {
        var blocks = new ArrayList<Block>();
        for (var at = 0; at < lines.size(); at++) {
            if (lines.get(at).equals("```java")) {
                var origin = at == 0 ? null : ORIGIN.matcher(lines.get(at - 1));
                var end = at + 1 + lines.subList(at + 1, lines.size()).indexOf("```");
                blocks.add(new Block(
                        at + 1,
                        origin != null && origin.matches() ? Optional.of(origin.group(1)) : Optional.empty(),
                        lines.subList(at + 1, end)));
                at = end;
            }
        }
        return blocks;
    }

    private static List<String> problems(String document, List<Block> blocks) throws IOException {
        var problems = new ArrayList<String>();
        for (var block : blocks) {
            if (block.origin().isPresent()) {
                var source = PROJECT.resolve(block.origin().get());
                var where = document + ", line " + block.line() + ": ";
                if (!Files.exists(source)) {
                    problems.add(where + "there is no file " + block.origin().get());
                } else if (!isPartOf(Files.readAllLines(source), block.code())) {
                    problems.add(where + "this is not in " + block.origin().get() + " (any more):\n"
                            + String.join("\n", block.code()));
                }
            }
        }
        return problems;
    }

    /** Whether the source has these lines in a row, all indented by the same amount. */
    private static boolean isPartOf(List<String> source, List<String> code) {
        for (var indent = 0; indent <= 16; indent += 4) {
            var shift = " ".repeat(indent);
            var shifted = code.stream()
                    .map(line -> line.isEmpty() ? line : shift + line)
                    .collect(Collectors.joining("\n", "\n", "\n"));
            if (("\n" + String.join("\n", source) + "\n").contains(shifted)) {
                return true;
            }
        }
        return false;
    }
}
