// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.type1.Rig.ALL;
import static org.vfio4j.backend.type1.Rig.PAGE;
import static org.vfio4j.backend.type1.Rig.READ;
import static org.vfio4j.backend.type1.Rig.RW;
import static org.vfio4j.backend.type1.Rig.assertRefused;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

class UnmapDmaTest {
    /** e1 = [0x10000, +4 pages), hole of 4 pages, e2 = [0x18000, +4 pages). */
    private static Rig twoEntries(boolean version2) {
        Rig rig = new Rig(version2).withGroup();
        rig.map(RW, rig.caller.pages(4), 0x10000);
        rig.map(RW, rig.caller.pages(4), 0x18000);
        return rig;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Spec({"T-053", "T-054", "T-055"})
    void shouldRefuseBadArguments(boolean version2) {
        Rig rig = twoEntries(version2);
        assertRefused(Errno.EINVAL, () -> rig.unmap(0x10000, 0));
        assertRefused(Errno.EINVAL, () -> rig.unmap(0x10200, PAGE));
        assertRefused(Errno.EINVAL, () -> rig.unmap(0x10000, PAGE + 512));
        assertRefused(Errno.EOVERFLOW, () -> rig.unmap(-PAGE, 2 * PAGE));
        assertRefused(Errno.EINVAL, () -> rig.unmap(ALL, PAGE, 0));
        assertRefused(Errno.EINVAL, () -> rig.unmap(ALL, 0, PAGE));
        assertRefused(Errno.EINVAL, () -> rig.unmap(8, 0x10000, PAGE));
        assertThat(rig.caller.locked()).isEqualTo(8);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Spec({"T-056", "T-057", "T-066"})
    void shouldRemoveExactEntriesAndEverything(boolean version2) {
        Rig rig = twoEntries(version2);
        assertThat(rig.unmap(0x10000, 4 * PAGE)).isEqualTo(4 * PAGE);
        assertThat(rig.unmap(0x10000, 4 * PAGE)).isZero();
        rig.map(RW, rig.caller.pages(1), 0);
        assertThat(rig.unmap(ALL, 0, 0)).isEqualTo(5 * PAGE);
        assertThat(rig.unmap(ALL, 0, 0)).isZero();
        rig.assertNothingHeld();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @Spec("T-060")
    void shouldRemoveEntriesAndTheHoleBetween(boolean version2) {
        Rig rig = twoEntries(version2);
        assertThat(rig.unmap(0x10000, 12 * PAGE)).isEqualTo(8 * PAGE);
        rig.assertNothingHeld();
    }

    @Test
    @Spec({"T-058", "T-059"})
    void shouldRefuseToCutAnEntryInVersion2() {
        Rig rig = twoEntries(true);
        assertRefused(Errno.EINVAL, () -> rig.unmap(0x10000, 2 * PAGE));
        assertRefused(Errno.EINVAL, () -> rig.unmap(0x12000, 2 * PAGE));
        assertRefused(Errno.EINVAL, () -> rig.unmap(0x11000, PAGE));
        assertRefused(Errno.EINVAL, () -> rig.unmap(0xf000, 2 * PAGE));
        assertThat(rig.caller.locked()).isEqualTo(8);
    }

    @Test
    @Spec("T-061")
    void shouldKeepTheFirstEntryWhenOnlyTheLastIsCutInVersion2() {
        Rig rig = twoEntries(true);
        assertRefused(Errno.EINVAL, () -> rig.unmap(0x10000, 10 * PAGE));
        assertThat(rig.caller.locked()).isEqualTo(8);
        assertThat(rig.unmap(0x10000, 4 * PAGE)).isEqualTo(4 * PAGE);
    }

    @Test
    @Spec("T-062")
    void shouldRemoveTheWholeEntryFromItsStartInVersion1() {
        Rig rig = twoEntries(false);
        assertThat(rig.unmap(0x10000, 2 * PAGE)).isEqualTo(4 * PAGE);
        assertThat(rig.caller.locked()).isEqualTo(4);
    }

    @Test
    @Spec({"T-063", "T-064"})
    void shouldDoNothingFromInsideAnEntryInVersion1() {
        Rig rig = twoEntries(false);
        assertThat(rig.unmap(0x12000, 2 * PAGE)).isZero();
        assertThat(rig.unmap(0x12000, 10 * PAGE)).isZero();
        assertThat(rig.caller.locked()).isEqualTo(8);
    }

    @Test
    @Spec("T-065")
    void shouldRemoveAnEntryCutFromAHoleInVersion1() {
        Rig rig = twoEntries(false);
        assertThat(rig.unmap(0xf000, 2 * PAGE)).isEqualTo(4 * PAGE);
        assertThat(rig.caller.locked()).isEqualTo(4);
    }

    @Test
    @Spec("T-067")
    void shouldReturnTheChargeToTheMapperWhoeverUnmaps() {
        Rig rig = twoEntries(true);
        FakeCaller other = new FakeCaller(rig.physical);
        assertThat(rig.container.unmapDma(other, ALL, 0, 0)).isEqualTo(8 * PAGE);
        rig.assertNothingHeld();
        assertThat(other.locked()).isZero();
    }

    @Test
    @Spec("T-068")
    void shouldUnmapAfterTheMapperIsGone() {
        Rig rig = twoEntries(true);
        FakeCaller other = new FakeCaller(rig.physical);
        rig.caller.memory().close();
        assertThat(rig.physical.pinnedPages()).isEqualTo(8);
        assertThat(rig.container.unmapDma(other, ALL, 0, 0)).isEqualTo(8 * PAGE);
        assertThat(rig.physical.pinnedPages()).isZero();
    }

    @Test
    @Spec({"T-158", "T-160"})
    void shouldUnpinOnlyAfterEveryDomainIsUnmappedWithTheNewestLast() {
        Rig rig = Rig.v2().withGroup();
        FakeGroup newest = rig.group();
        newest.hardware.coherent = false;
        rig.attach(newest);
        rig.map(READ, rig.scatteredPages(3), 0);
        rig.events.clear();
        rig.unmap(0, 3 * PAGE);
        assertThat(rig.events).isEqualTo(List.of("unmap g1", "unmap g2", "unpin", "unpin", "unpin"));
    }

    @Test
    void shouldSayThatADeviceMayHaveWritten() {
        Rig rig = twoEntries(true);
        rig.events.clear();
        rig.unmap(0x10000, 4 * PAGE);
        assertThat(rig.events).contains("unpin dirty");
    }
}
