// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.mdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.mdev.MdevModel;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

class SerialParentTest {
    private final SerialParent parent = new SerialParent("mtty", 24, Runnable::run);

    private MdevModel create(SerialType type) {
        return parent.create(type.type(), new UUID(1, 2));
    }

    private int available(SerialType type) {
        return parent.available(type.type());
    }

    @Spec({"M-052", "M-053"})
    @Test
    void shouldShareItsPortsBetweenTypes() {
        assertThat(available(SerialType.SINGLE)).isEqualTo(24);
        assertThat(available(SerialType.DUAL)).isEqualTo(12);
        var dual = create(SerialType.DUAL);
        assertThat(available(SerialType.SINGLE)).isEqualTo(22);
        assertThat(available(SerialType.DUAL)).isEqualTo(11);
        parent.destroy(dual);
        assertThat(available(SerialType.SINGLE)).isEqualTo(24);
    }

    @Spec("M-054")
    @Test
    void shouldRefuseMoreThanItsPorts() {
        for (int i = 0; i < 12; i++) {
            create(SerialType.DUAL);
        }
        for (var type : SerialType.values()) {
            assertThatExceptionOfType(VfioException.class)
                    .isThrownBy(() -> create(type))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC));
        }
    }
}
