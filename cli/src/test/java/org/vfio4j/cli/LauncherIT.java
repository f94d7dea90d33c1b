// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs {@code ./vfio4j} itself: the jars on the module path, as a user starts them. */
class LauncherIT {

    private static final String LAUNCHER = Objects.requireNonNull(System.getProperty("launcher"));

    @Test
    void shouldRunOnTheModulePath() throws IOException, InterruptedException {
        Answer answer = run("--version");
        assertThat(answer.lines()).singleElement().asString().matches("vfio4j \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?");
        assertThat(answer.exitCode()).isZero();
    }

    @Test
    void shouldStartWithAnEmptyPluginFolder(@TempDir Path folder) throws IOException, InterruptedException {
        assertThat(run("--version", "--plugins", folder.toString()).exitCode()).isZero();
        assertThat(run("--plugins=" + folder, "--version").exitCode()).isZero();
    }

    @Test
    void shouldRefuseAPluginFolderThatIsNotThere(@TempDir Path folder) throws IOException, InterruptedException {
        Path missing = folder.resolve("none");
        assertRefused(run("--plugins", missing.toString(), "--version"), "there is no folder " + missing);
    }

    @Test
    void shouldRefuseAPluginThatIsNoModule(@TempDir Path folder) throws IOException, InterruptedException {
        Path jar = folder.resolve("plain.jar");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
            out.putNextEntry(new JarEntry("org/example/readme.txt"));
        }
        assertRefused(run("--plugins", folder.toString(), "--version"), jar + " is not a module");
    }

    @Test
    void shouldRefuseAPluginThatIsNoJar(@TempDir Path folder) throws IOException, InterruptedException {
        Path jar = Files.writeString(folder.resolve("torn.jar"), "module-info.class");
        assertRefused(run("--plugins", folder.toString(), "--version"), jar.toString());
    }

    @Test
    void shouldLeaveWhatFollowsTwoDashesAlone() throws IOException, InterruptedException {
        assertRefused(run("--", "--plugins", "none"), "'--plugins'");
    }

    private static void assertRefused(Answer answer, String reason) {
        assertThat(answer.lines())
                .singleElement()
                .asString()
                .startsWith("vfio4j: ")
                .contains(reason);
        assertThat(answer.exitCode()).isEqualTo(2);
    }

    private record Answer(int exitCode, List<String> lines) {}

    private static Answer run(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(LAUNCHER));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        List<String> lines = process.inputReader().lines().toList();
        return new Answer(process.waitFor(), lines);
    }
}
