// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Somebody who has vfio4j in a local Maven repository and a project of their own. The repository is made for the purpose: it
 * holds this build's modules as {@code mvn install} would put them there, and takes everything else from the repository of the
 * build that runs the tests, so that nothing is fetched and nothing is installed.
 */
final class ThirdParty {
    private static final Pattern MODULE = Pattern.compile("vfio4j-(.+?)-(\\d.*)\\.jar");

    private final Path sources;
    private final Path home;
    private final Path maven;

    /**
     * A third party.
     *
     * @param sources this project
     * @param home a folder for everything they have
     */
    ThirdParty(Path sources, Path home) throws IOException {
        this.sources = sources;
        this.home = home;
        this.maven = Path.of(Objects.requireNonNull(System.getProperty("maven.home"), "maven.home"), "bin", "mvn");
        assumeTrue(
                Files.isExecutable(maven), () -> "skipped: Maven is needed to build the examples, not found: " + maven);
        installModules();
        pointAtLocalRepository(Path.of(Objects.requireNonNull(System.getProperty("local.repository"))));
    }

    private void installModules() throws IOException {
        Map<String, Path> jars = new TreeMap<>();
        collectJars(sources.resolve("cli/target/modules"), jars);
        collectJars(sources.resolve("testing/target"), jars);
        assertThat(jars).as("modules of this build").containsKeys("api", "testing", "core", "host-embedded");
        String version = "";
        for (var entry : jars.entrySet()) {
            var matcher = MODULE.matcher(entry.getValue().getFileName().toString());
            assertThat(matcher.matches()).isTrue();
            version = matcher.group(2);
            var folder = install("vfio4j-" + entry.getKey(), version, sources.resolve(entry.getKey(), "pom.xml"));
            Files.copy(entry.getValue(), folder.resolve("vfio4j-" + entry.getKey() + "-" + version + ".jar"));
        }
        install("vfio4j-parent", version, sources.resolve("pom.xml"));
    }

    private static void collectJars(Path folder, Map<String, Path> jars) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (var jar : files.toList()) {
                var matcher = MODULE.matcher(jar.getFileName().toString());
                if (matcher.matches()) {
                    jars.put(matcher.group(1), jar);
                }
            }
        }
    }

    private Path install(String artifact, String version, Path pom) throws IOException {
        var folder = Files.createDirectories(repository().resolve("org/vfio4j", artifact, version));
        Files.copy(pom, folder.resolve(artifact + "-" + version + ".pom"));
        return folder;
    }

    private void pointAtLocalRepository(Path local) throws IOException {
        Files.writeString(settings(), """
                <settings>
                  <mirrors>
                    <mirror><id>local</id><mirrorOf>*</mirrorOf><url>%s</url></mirror>
                  </mirrors>
                </settings>
                """.formatted(local.toUri()));
    }

    private Path repository() {
        return home.resolve("repository");
    }

    private Path settings() {
        return home.resolve("settings.xml");
    }

    /**
     * Builds a project, with its tests, in a copy.
     *
     * @param project folder in this project
     * @return its jar
     */
    Path build(String project) throws IOException, InterruptedException {
        var copy = home.resolve(Path.of(project).getFileName());
        copy(sources.resolve(project), copy);
        var command = new ProcessBuilder(
                        maven.toString(),
                        "--batch-mode",
                        "--quiet",
                        "--settings",
                        settings().toString(),
                        "-Dmaven.repo.local=" + repository(),
                        "--file",
                        copy.resolve("pom.xml").toString(),
                        "package")
                .redirectErrorStream(true);
        command.environment().put("JAVA_HOME", System.getProperty("java.home"));
        var process = command.start();
        process.getOutputStream().close();
        List<String> said = process.inputReader().lines().toList();
        assertThat(process.waitFor())
                .as("exit code of mvn package in %s, which said:%n%s", project, String.join("\n", said))
                .isZero();
        try (Stream<Path> built = Files.list(copy.resolve("target"))) {
            var jars = new ArrayList<>(
                    built.filter(file -> file.toString().endsWith(".jar")).toList());
            assertThat(jars).as("jars of %s", project).hasSize(1);
            return jars.getFirst();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (var file : files.toList()) {
                var place = from.relativize(file);
                if (!place.startsWith("target")) {
                    Files.copy(file, to.resolve(place));
                }
            }
        }
    }
}
