// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vfio4j.uapi.Declarations;

/** Every struct of the headers has a class, and its constants are the compiler's offsets and sizes. */
class StructLayoutTest {
    @Test
    void shouldDeclareExactlyTheKernelsStructs() {
        List<String> declared = Declarations.publicClassesBeside(UapiLayouts.class).stream()
                .filter(type -> type != UapiLayouts.class)
                .map(Class::getSimpleName)
                .toList();

        assertThat(new TreeSet<>(declared))
                .as("classes of the package, against the headers' structs")
                .isEqualTo(
                        KernelStruct.all().stream().map(KernelStruct::className).collect(toCollection(TreeSet::new)));
    }

    @ParameterizedTest
    @MethodSource("org.vfio4j.uapi.struct.KernelStruct#all")
    void shouldHaveTheCompilersLayout(KernelStruct kernel) {
        Map<String, Object> expected = new TreeMap<>();
        expected.put("SIZEOF", kernel.sizeof());
        for (KernelStruct.Field field : kernel.fields()) {
            expected.put(field.constantName() + "_OFFSET", field.offset());
            if (field.isArray() && !field.isFlexible()) {
                expected.put(field.constantName() + "_COUNT", field.count());
            }
        }

        Map<String, Object> declared = new TreeMap<>(Declarations.constantsOf(List.of(kernel.javaClass())));
        declared.keySet().removeIf(name -> name.startsWith("MIN_"));
        assertThat(declared).as("constants of %s", kernel.className()).isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("org.vfio4j.uapi.struct.KernelStruct#all")
    void shouldHaveAnAccessorForEveryField(KernelStruct kernel) {
        TreeSet<String> accessors = Arrays.stream(kernel.javaClass().getDeclaredMethods())
                .map(method -> method.getName().toLowerCase(Locale.ROOT))
                .collect(toCollection(TreeSet::new));

        // Bytes of no fixed meaning at the end of a struct have an offset only.
        assertThat(accessors)
                .as("accessors of %s", kernel.className())
                .isEqualTo(kernel.fields().stream()
                        .filter(field -> !(field.isFlexible() && field.type().equals("__u8")))
                        .map(field -> field.accessorName().toLowerCase(Locale.ROOT))
                        .collect(toCollection(TreeSet::new)));
    }
}
