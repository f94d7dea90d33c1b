// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.uapi.struct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Accessors touch exactly the bytes of their field, little-endian. */
class StructAccessTest {
    /** Elements an array of open length is given here. */
    private static final int TAIL_ELEMENTS = 3;

    private static final byte UNTOUCHED = 0x5a;

    @ParameterizedTest
    @MethodSource("org.vfio4j.uapi.struct.KernelStruct#all")
    void shouldWriteExactlyTheBytesOfAField(KernelStruct kernel) throws ReflectiveOperationException {
        for (KernelStruct.Field field : scalarsOf(kernel)) {
            for (int index = 0; index < elements(field); index++) {
                MemorySegment struct = filledWith(UNTOUCHED, kernel);
                MemorySegment expected = filledWith(UNTOUCHED, kernel);
                int size = elementSize(field);
                for (int i = 0; i < size; i++) {
                    expected.set(ValueLayout.JAVA_BYTE, field.offset() + index * size + i, (byte) (0xf1 + i));
                }

                write(kernel, field, struct, index, pattern(size));

                assertThat(struct.toArray(ValueLayout.JAVA_BYTE))
                        .as("%s after writing element %d of %s", kernel, index, field.name())
                        .isEqualTo(expected.toArray(ValueLayout.JAVA_BYTE));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("org.vfio4j.uapi.struct.KernelStruct#all")
    void shouldReadWhatTheFieldHolds(KernelStruct kernel) throws ReflectiveOperationException {
        for (KernelStruct.Field field : scalarsOf(kernel)) {
            for (int index = 0; index < elements(field); index++) {
                MemorySegment struct = filledWith((byte) 0, kernel);
                int size = elementSize(field);
                for (int i = 0; i < size; i++) {
                    struct.set(ValueLayout.JAVA_BYTE, field.offset() + index * size + i, (byte) (0xf1 + i));
                }

                // Eight and sixteen bits come as non-negative int, more bits as they are.
                assertThat(read(kernel, field, struct, index))
                        .as("element %d of %s.%s", index, kernel, field.name())
                        .isEqualTo(pattern(size));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("org.vfio4j.uapi.struct.KernelStruct#all")
    void shouldViewNestedStructsInPlace(KernelStruct kernel) throws ReflectiveOperationException {
        MemorySegment struct = filledWith((byte) 0, kernel);
        for (KernelStruct.Field field : kernel.fields()) {
            if (field.isStruct()) {
                int size = elementSize(field);
                for (int index = 0; index < elements(field); index++) {
                    var view = (MemorySegment) read(kernel, field, struct, index);

                    assertThat(view.address() - struct.address())
                            .as("start of element %d of %s.%s", index, kernel, field.name())
                            .isEqualTo(field.offset() + (long) index * size);
                    assertThat(view.byteSize())
                            .as("size of %s.%s", kernel, field.name())
                            .isEqualTo(size);
                }
            }
        }
    }

    @Test
    void shouldAcceptAStructAtAnyAddress() {
        MemorySegment odd =
                MemorySegment.ofArray(new byte[VfioIommuType1DmaMap.SIZEOF + 1]).asSlice(1);

        VfioIommuType1DmaMap.iova(odd, 0x8000_0000_0000_0001L);

        assertThat(VfioIommuType1DmaMap.iova(odd)).isEqualTo(0x8000_0000_0000_0001L);
    }

    @Test
    void shouldRefuseAFieldBeyondTheSegment() {
        MemorySegment oldHeader = MemorySegment.ofArray(new byte[VfioDeviceInfo.MIN_ARGSZ]);

        assertThatThrownBy(() -> VfioDeviceInfo.capOffset(oldHeader)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static List<KernelStruct.Field> scalarsOf(KernelStruct kernel) {
        return kernel.fields().stream()
                .filter(field -> !field.isStruct())
                .filter(field -> !(field.isFlexible() && field.type().equals("__u8")))
                .toList();
    }

    private static MemorySegment filledWith(byte value, KernelStruct kernel) {
        int tail = kernel.fields().stream()
                .filter(KernelStruct.Field::isFlexible)
                .mapToInt(field -> TAIL_ELEMENTS * elementSize(field))
                .sum();
        return MemorySegment.ofArray(new byte[kernel.sizeof() + tail]).fill(value);
    }

    private static int elements(KernelStruct.Field field) {
        if (field.isFlexible()) {
            return TAIL_ELEMENTS;
        }
        return field.isArray() ? field.count() : 1;
    }

    private static int elementSize(KernelStruct.Field field) {
        if (!field.isFlexible()) {
            return field.size() / elements(field);
        }
        if (field.isStruct()) {
            return KernelStruct.named(field.type().substring("struct ".length()))
                    .sizeof();
        }
        return switch (field.type()) {
            case "__u8" -> 1;
            case "__s32" -> 4;
            default -> throw new IllegalStateException("size of " + field.type());
        };
    }

    /** The number whose bytes, lowest first, are f1 f2 f3 and so on. */
    private static Number pattern(int size) {
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (0xf1L + i) << (8 * i);
        }
        return size == Long.BYTES ? (Number) value : (Number) (int) value;
    }

    private static void write(
            KernelStruct kernel, KernelStruct.Field field, MemorySegment struct, int index, Number value)
            throws ReflectiveOperationException {
        if (field.isArray()) {
            accessor(kernel, field, 3).invoke(null, struct, index, value);
        } else {
            accessor(kernel, field, 2).invoke(null, struct, value);
        }
    }

    private static Object read(KernelStruct kernel, KernelStruct.Field field, MemorySegment struct, int index)
            throws ReflectiveOperationException {
        return field.isArray()
                ? accessor(kernel, field, 2).invoke(null, struct, index)
                : accessor(kernel, field, 1).invoke(null, struct);
    }

    private static Method accessor(KernelStruct kernel, KernelStruct.Field field, int parameters) {
        return Arrays.stream(kernel.javaClass().getDeclaredMethods())
                .filter(method -> method.getName().equals(field.accessorName()))
                .filter(method -> method.getParameterCount() == parameters)
                .findFirst()
                .orElseThrow(() -> new AssertionError(
                        kernel.className() + '.' + field.accessorName() + " with " + parameters + " parameters"));
    }
}
