// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The command as it is installed: a folder of modular jars, started by {@code java} on the module path. */
final class Installed {
    private final Path modules;

    private Installed(Path modules) {
        this.modules = modules;
    }

    /** What a run said and how it ended. */
    record Answer(int exitCode, List<String> out, List<String> err) {
        /** Standard output as JSON. */
        Object json() throws IOException {
            return Installed.json(String.join("\n", out));
        }
    }

    /** What this build made. */
    static Installed complete() {
        var launcher = Path.of(Objects.requireNonNull(System.getProperty("launcher"), "launcher"));
        return new Installed(launcher.resolveSibling("cli").resolve("target").resolve("modules"));
    }

    /** Names of its jars whose names contain a text. */
    List<String> jars(String text) throws IOException {
        try (Stream<Path> files = Files.list(modules)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.contains(text))
                    .sorted()
                    .toList();
        }
    }

    /** The same without one jar, laid out in an empty folder. */
    Installed without(String jar, Path folder) throws IOException {
        for (var name : jars(".jar")) {
            if (!name.equals(jar)) {
                Files.copy(modules.resolve(name), folder.resolve(name));
            }
        }
        return new Installed(folder);
    }

    /** Runs the command. */
    Answer run(String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("-m", "org.vfio4j.cli/org.vfio4j.cli.Main"));
        command.addAll(List.of(arguments));
        return java(command);
    }

    /** Runs another main class of the class path beside the modules. */
    Answer runBeside(Path classes, Class<?> main) throws IOException, InterruptedException {
        return java(List.of("-cp", classes.toString(), main.getName()));
    }

    /** What starts the command, for those who start it themselves. */
    List<String> command(String... arguments) {
        var end = new ArrayList<>(List.of("-m", "org.vfio4j.cli/org.vfio4j.cli.Main"));
        end.addAll(List.of(arguments));
        return command(end);
    }

    /** The folder of the modules. */
    Path modules() {
        return modules;
    }

    private List<String> command(List<String> end) {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=org.vfio4j.ffm",
                "-Dguice_custom_class_loading=CHILD", // as the launcher does
                "--add-modules",
                "org.vfio4j.core,org.vfio4j.api",
                "-p",
                modules.toString()));
        command.addAll(end);
        return command;
    }

    private Answer java(List<String> end) throws IOException, InterruptedException {
        var out = Files.createTempFile("vfio4j", ".out");
        var err = Files.createTempFile("vfio4j", ".err");
        try {
            var command = command(end);
            var process = new ProcessBuilder(command)
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            process.getOutputStream().close();
            int code = process.waitFor();
            return new Answer(code, Files.readAllLines(out), Files.readAllLines(err));
        } finally {
            Files.deleteIfExists(out);
            Files.deleteIfExists(err);
        }
    }

    /** The objects of an array of a JSON object, or of a JSON array itself when the name is empty. */
    @SuppressWarnings("unchecked") // a wrong shape fails the test
    static List<Map<String, Object>> list(Object json, String name) {
        Object array = name.isEmpty() ? json : ((Map<String, Object>) json).get(name);
        return (List<Map<String, Object>>) Objects.requireNonNull(array, name);
    }

    private static Object json(String text) throws IOException {
        try (var parser = new JsonFactory().createParser(text)) {
            parser.nextToken();
            var value = Objects.requireNonNull(value(parser), "the answer is null");
            if (parser.nextToken() != null) {
                throw new IOException("something follows the JSON value: " + text);
            }
            return value;
        }
    }

    private static @Nullable Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                var object = new LinkedHashMap<String, @Nullable Object>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    var name = parser.currentName();
                    parser.nextToken();
                    object.put(name, value(parser));
                }
                yield object;
            }
            case START_ARRAY -> {
                var array = new ArrayList<@Nullable Object>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    array.add(value(parser));
                }
                yield array;
            }
            case VALUE_NUMBER_INT -> parser.getLongValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> parser.getText();
        };
    }
}
