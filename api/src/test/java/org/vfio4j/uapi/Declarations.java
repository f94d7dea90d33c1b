// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What the packages under test declare, found in the compiled classes so that nothing added later escapes the tests. */
public final class Declarations {
    private Declarations() {}

    /** All public top-level classes in the package of {@code member}. */
    public static List<Class<?>> publicClassesBeside(Class<?> member) {
        try {
            Path root = Path.of(
                    member.getProtectionDomain().getCodeSource().getLocation().toURI());
            String packageName = member.getPackageName();
            try (Stream<Path> files = Files.list(root.resolve(packageName.replace('.', '/')))) {
                return files.map(file -> file.getFileName().toString())
                        .filter(file -> file.endsWith(".class") && !file.contains("$") && !file.contains("-"))
                        .sorted()
                        .<Class<?>>map(file -> load(packageName + '.' + file.substring(0, file.length() - 6)))
                        .filter(type -> Modifier.isPublic(type.getModifiers()))
                        .toList();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Every public constant of a primitive type or a string, by name. Two of the same name are an error. */
    public static Map<String, Object> constantsOf(List<Class<?>> types) {
        Map<String, Object> constants = new LinkedHashMap<>();
        for (Class<?> type : types) {
            for (Field field : type.getDeclaredFields()) {
                if (isConstant(field) && constants.put(field.getName(), valueOf(field)) != null) {
                    throw new IllegalStateException(field.getName() + " is declared twice, last in " + type);
                }
            }
        }
        return constants;
    }

    private static boolean isConstant(Field field) {
        int publicStaticFinal = Modifier.PUBLIC | Modifier.STATIC | Modifier.FINAL;
        return (field.getModifiers() & publicStaticFinal) == publicStaticFinal
                && (field.getType().isPrimitive() || field.getType() == String.class);
    }

    private static Object valueOf(Field field) {
        try {
            return field.get(null);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Class<?> load(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
