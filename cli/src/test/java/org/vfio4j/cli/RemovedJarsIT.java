// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Takes one backend or driver off the module path: it is gone, and everything else works. */
class RemovedJarsIT {
    private static final Installed COMPLETE = Installed.complete();

    static List<String> backendJars() throws IOException {
        return COMPLETE.jars("vfio4j-backend-");
    }

    static List<String> driverJars() throws IOException {
        return COMPLETE.jars("vfio4j-drivers-");
    }

    @Test
    void shouldHaveThreeBackendsAndThreeDrivers() throws IOException {
        assertThat(backendJars()).hasSize(3);
        assertThat(driverJars()).hasSize(3);
    }

    @ParameterizedTest
    @MethodSource("backendJars")
    void shouldDoWithoutABackend(String jar, @TempDir Path folder) throws IOException, InterruptedException {
        var before = names(COMPLETE.run("backends", "--json"), jar);
        var without = COMPLETE.without(jar, folder);
        var left = names(without.run("backends", "--json"), "");
        assertThat(before.gone()).as("backends of %s", jar).hasSize(1);
        assertThat(left.stay()).as("backends without %s", jar).isEqualTo(before.stay());
        assertThat(names(without.run("drivers", "--json"), "").stay())
                .as("drivers without %s", jar)
                .isEqualTo(names(COMPLETE.run("drivers", "--json"), "").stay());
        assertListed(without.run("ls", "--json"));
        var combinations = demo(without);
        assertThat(combinations).extracting(each -> each.get("backend")).doesNotContainAnyElementsOf(before.gone());
        assertThat(moved(combinations, "backend"))
                .as("backends that moved data")
                .containsAll(before.stay());
    }

    @ParameterizedTest
    @MethodSource("driverJars")
    void shouldDoWithoutADriver(String jar, @TempDir Path folder) throws IOException, InterruptedException {
        var before = names(COMPLETE.run("drivers", "--json"), jar);
        var without = COMPLETE.without(jar, folder);
        var left = names(without.run("drivers", "--json"), "");
        assertThat(before.gone()).as("drivers of %s", jar).hasSize(1);
        assertThat(left.stay()).as("drivers without %s", jar).isEqualTo(before.stay());
        assertThat(names(without.run("backends", "--json"), "").stay())
                .as("backends without %s", jar)
                .isEqualTo(names(COMPLETE.run("backends", "--json"), "").stay());
        assertListed(without.run("ls", "--json"));
        var combinations = demo(without);
        var bus = before.gone().getFirst().replaceFirst("vfio-", "");
        assertThat(combinations).extracting(each -> each.get("bus")).doesNotContain(bus);
        assertThat(moved(combinations, "bus"))
                .as("buses whose devices moved data")
                .containsAll(before.stay().stream()
                        .map(driver -> driver.replaceFirst("vfio-", ""))
                        .toList());
    }

    @Test
    void shouldOfferNoTypesOfABackendThatIsGone(@TempDir Path folder)
            throws IOException, InterruptedException, URISyntaxException {
        var classes = Path.of(RemovedJarsIT.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        assertThat(answers(COMPLETE.runBeside(classes, Extensions.class))).containsExactly("1 1", "2 1", "3 1", "7 1");
        var jar = COMPLETE.jars("vfio4j-backend-spapr").getFirst();
        assertThat(answers(COMPLETE.without(jar, folder).runBeside(classes, Extensions.class)))
                .containsExactly("1 1", "2 0", "3 1", "7 0");
    }

    /** The program's own lines: without the command's settings the log goes to standard output too. */
    private static List<String> answers(Installed.Answer answer) {
        assertThat(answer.exitCode()).as(String.join("\n", answer.err())).isZero();
        return answer.out().stream().filter(line -> line.matches("\\d+ \\d+")).toList();
    }

    /** Names of parts that come from a jar, and of the others. */
    private record Names(List<String> gone, List<String> stay) {}

    private static Names names(Installed.Answer answer, String jar) throws IOException {
        assertThat(answer.exitCode()).as(String.join("\n", answer.err())).isZero();
        var gone = new ArrayList<String>();
        var stay = new ArrayList<String>();
        for (var part : Installed.list(answer.json(), "")) {
            var fromJar = !jar.isEmpty() && String.valueOf(part.get("location")).endsWith(jar);
            (fromJar ? gone : stay).add(String.valueOf(part.get("name")));
        }
        return new Names(gone, stay);
    }

    private static void assertListed(Installed.Answer answer) throws IOException {
        assertThat(answer.exitCode()).as(String.join("\n", answer.err())).isZero();
        assertThat(Installed.list(answer.json(), "groups")).as("groups").isNotEmpty();
    }

    private static List<Map<String, Object>> demo(Installed installed) throws IOException, InterruptedException {
        var answer = installed.run("demo", "--json", "--rounds", "1");
        assertThat(answer.exitCode())
                .as("exit code of the demonstration: %s %s", answer.out(), answer.err())
                .isZero();
        var combinations = Installed.list(answer.json(), "combinations");
        assertThat(combinations).extracting(each -> each.get("verdict")).doesNotContain("failed");
        return combinations;
    }

    private static Stream<String> moved(List<Map<String, Object>> combinations, String what) {
        return combinations.stream()
                .filter(each -> "moved".equals(each.get("verdict")))
                .map(each -> String.valueOf(each.get(what)))
                .distinct();
    }
}
