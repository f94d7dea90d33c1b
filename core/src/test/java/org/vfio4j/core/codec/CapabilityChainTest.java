// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.device.InfoCapability;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.struct.VfioInfoCapHeader;

class CapabilityChainTest {
    @Test
    @Spec("C-133")
    void shouldChainCapabilitiesAtMultiplesOfEight() {
        var chain = CapabilityChain.of(List.of(
                new InfoCapability(1, 2, new byte[] {9}),
                new InfoCapability(3, 1, new byte[0]),
                new InfoCapability(5, 1, new byte[12])));
        assertThat(chain.size()).isEqualTo(16 + 8 + 24);
        chain.shift(32);
        try (var arena = Arena.ofConfined()) {
            var bytes = arena.allocate(chain.size());
            chain.copyTo(bytes);
            assertThat(VfioInfoCapHeader.id(bytes)).isEqualTo(1);
            assertThat(VfioInfoCapHeader.version(bytes)).isEqualTo(2);
            assertThat(VfioInfoCapHeader.next(bytes)).isEqualTo(32 + 16);
            assertThat(bytes.asSlice(8, 8).toArray(ValueLayout.JAVA_BYTE)).containsExactly(9, 0, 0, 0, 0, 0, 0, 0);
            var second = bytes.asSlice(16);
            assertThat(VfioInfoCapHeader.id(second)).isEqualTo(3);
            assertThat(VfioInfoCapHeader.next(second)).isEqualTo(32 + 24);
            var third = bytes.asSlice(24);
            assertThat(VfioInfoCapHeader.id(third)).isEqualTo(5);
            assertThat(VfioInfoCapHeader.next(third)).as("the last one").isZero();
        }
    }
}
