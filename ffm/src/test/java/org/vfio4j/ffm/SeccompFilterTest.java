// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

@SuppressWarnings("restricted") // looks at what it assembled
class SeccompFilterTest {
    private static final AddressLayout ADDRESS_OF_CODE =
            ValueLayout.ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(40, ValueLayout.JAVA_BYTE));

    @Test
    void shouldJumpToTheLabelWhenAConditionDoesNotHold() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment program = new SeccompFilter()
                    .loadNumber()
                    .ifEqual(16, "allow")
                    .end(SeccompFilter.NOTIFY)
                    .label("allow")
                    .end(SeccompFilter.ALLOW)
                    .assemble(arena);
            assertThat(program.get(ValueLayout.JAVA_SHORT, 0)).isEqualTo((short) 5);
            MemorySegment code = program.get(ADDRESS_OF_CODE, 8);
            assertThat(code.get(ValueLayout.JAVA_SHORT, 8)).as("jump if equal").isEqualTo((short) 0x15);
            assertThat(code.get(ValueLayout.JAVA_BYTE, 10)).as("over the jump").isEqualTo((byte) 1);
            assertThat(code.get(ValueLayout.JAVA_INT, 20))
                    .as("over the notification")
                    .isEqualTo(1);
        }
    }

    @Test
    void shouldRefuseALabelThatDoesNotLieAhead() {
        try (Arena arena = Arena.ofConfined()) {
            var filter = new SeccompFilter().label("back").loadArch().jump("back");
            assertThatThrownBy(() -> filter.assemble(arena)).isInstanceOf(IllegalStateException.class);
        }
    }
}
