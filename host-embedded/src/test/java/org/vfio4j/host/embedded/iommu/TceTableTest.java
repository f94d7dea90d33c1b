// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vfio4j.core.memory.FrameTable;
import org.vfio4j.spi.host.TceTable;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Shapes of TCE tables and what is stored in them; spapr §7, §10. */
class TceTableTest {
    private static final int KIB_64 = 65536;
    private static final long MIB = 1 << 20;

    private static TceTableGroup group(TceConfig config) {
        var unit = new TceUnit("phb0", new FrameTable(), config, new FaultLog());
        return unit.newGroup(1).tceTableGroup().orElseThrow();
    }

    private static TceTableGroup group() {
        return group(TceConfig.defaults().withHostPageSize(KIB_64));
    }

    private static void assertRefused(Errno errno, Runnable action) {
        assertThatThrownBy(action::run)
                .isInstanceOfSatisfying(
                        VfioException.class,
                        refused -> assertThat(refused.errno()).isEqualTo(errno));
    }

    @Test
    void shouldChargeWhatTheSpecificationsExamplesSay() {
        assertThat(group().tableSize(12, 1L << 31, 1)).isEqualTo(8 * MIB);
        assertThat(group().tableSize(16, 1L << 40, 2)).isEqualTo(2 * (128 * MIB + KIB_64));
        assertThat(group().tableSize(16, 1L << 40, 2) / KIB_64).isEqualTo(4098);
        assertThat(group(TceConfig.defaults()).tableSize(12, 1L << 31, 1) / 4096)
                .isEqualTo(2048);
    }

    @ParameterizedTest
    @CsvSource({
        "12, 3221225472, 1",
        "12, 0, 1",
        "12, 2147483648, 0",
        "12, 2147483648, 6",
        "16, 4096, 1",
        "21, 2147483648, 1"
    })
    void shouldKnowNoTableOfAnImpossibleShape(int pageShift, long window, int levels) {
        assertThat(group().tableSize(pageShift, window, levels)).isZero();
        assertRefused(Errno.EINVAL, () -> group().createTable(0, pageShift, window, levels));
    }

    @Test
    void shouldRefuseLevelsThatSpanTooManyAddressBits() {
        // 64 KiB blocks hold 13 bits: 13 * 3 + 16 is 55.
        assertThat(group().tableSize(16, 1L << 40, 3)).isPositive();
        assertRefused(Errno.EINVAL, () -> group().createTable(0, 16, 1L << 40, 3));
        group().createTable(0, 12, 1L << 40, 3).free();
    }

    @Test
    void shouldEnlargeATinyWindow() {
        TceTable table = group().createTable(0, 12, KIB_64, 1);
        assertThat(table.entries()).isEqualTo(8192);
        table.free();
    }

    @Test
    void shouldStartWhereTheSlotDoes() {
        TceTableGroup group = group();
        TceTable low = group.createTable(0, 12, 1L << 31, 1);
        TceTable high = group.createTable(1, 16, 1L << 40, 2);
        assertThat(low.startAddress()).isZero();
        assertThat(high.startAddress()).isEqualTo(1L << 59);
        assertThat(high.entries()).isEqualTo(1L << 24);
        assertThat(high.pageShift()).isEqualTo(16);
        assertThat(high.allocatedSize()).isEqualTo(group.tableSize(16, 1L << 40, 2));
        low.free();
        high.free();
    }

    @Test
    void shouldAnswerTheOldEntryOnExchange() {
        TceTable table = group().createTable(0, 12, 1L << 31, 1);
        assertThat(table.exchange(5, 0x10000000000L, 1)).isZero();
        assertThat(table.exchange(5, 0x10000001000L, 3)).isEqualTo(0x10000000001L);
        assertThat(table.entry(5)).isEqualTo(0x10000001003L);
        assertThat(table.exchange(5, 0, 0)).isEqualTo(0x10000001003L);
        assertThat(table.entry(5)).isZero();
        table.exchange(6, 0x10000001000L, 2);
        assertThat(table.entry(6)).as("PowerNV has no write-only entries").isEqualTo(0x10000001003L);
        assertThatThrownBy(() -> table.exchange(1L << 19, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        table.free();
    }

    @Test
    void shouldKeepUserAddressesBesideEntries() {
        TceTable table = group().createTable(1, 16, 1L << 40, 2);
        assertThat(table.userAddress(77)).isZero();
        table.setUserAddress(77, 0x7f0000010000L);
        assertThat(table.userAddress(77)).isEqualTo(0x7f0000010000L);
        assertThat(table.entry(77)).isZero();
        table.free();
    }

    @ParameterizedTest
    @CsvSource({"1, 19", "2, 26", "3, 28", "4, 36"})
    void shouldMakeLowerLevelsOnDemandAndSkipMissingOnes(int levels, int entryBits) {
        // 4 KiB blocks of 512 entries where levels are many.
        TceTableGroup group = group(TceConfig.defaults());
        var table = (OffHeapTceTable) group.createTable(0, 12, 1L << (entryBits + 12), levels);
        long before = table.memory();
        long last = table.entries() - 1;
        boolean single = levels == 1;
        assertThat(table.nextAllocated(0)).isEqualTo(single ? 0 : table.entries());
        assertThat(table.exchange(last, 0, 0)).as("clearing makes no levels").isZero();
        assertThat(table.memory()).isEqualTo(before);
        table.exchange(last, 1L << 40, 3);
        table.exchange(12345, 3L << 40, 1);
        assertThat(table.entry(last)).isEqualTo(1L << 40 | 3);
        assertThat(table.entry(last - 1)).isZero();
        assertThat(table.entry(12345)).isEqualTo(3L << 40 | 1);
        long next = table.nextAllocated(single ? 7 : 0);
        assertThat(next).isLessThanOrEqualTo(12345);
        assertThat(12345 - next).as("first entry of the block").isLessThan(single ? 12345 : 1L << 19);
        assertThat(table.nextAllocated(last)).isEqualTo(last);
        assertThat(table.memory()).isLessThanOrEqualTo(table.allocatedSize());
        table.free();
    }

    @Test
    void shouldAnswerEnomemWhenALevelCannotBeMade() {
        TceTableGroup group = group(TceConfig.defaults().withTableMemoryLimit(3 * 4096));
        TceTable table = group.createTable(0, 12, 1L << 39, 3);
        table.exchange(0, 1L << 40, 1);
        table.setUserAddress(511, 0x7000);
        assertRefused(Errno.ENOMEM, () -> table.exchange(1L << 26, 1L << 40, 1));
        assertThat(table.entry(1L << 26)).isZero();
        table.free();
        assertRefused(Errno.ENOMEM, () -> group.createTable(0, 12, 1L << 31, 1));
    }

    @Test
    void shouldOfferTheConfiguredWindows() {
        TceTableGroup group = group(TceConfig.defaults().withTce32(0, 1L << 30).withMaxDynamicWindows(1));
        assertThat(group.tce32Start()).isZero();
        assertThat(group.tce32Size()).isEqualTo(1L << 30);
        assertThat(group.pageSizes()).isEqualTo(0x1011000);
        assertThat(group.maxDynamicWindows()).isEqualTo(1);
        assertThat(group.maxLevels()).isEqualTo(5);
        assertThat(Optional.of(group.platformIdentity())).contains(group().platformIdentity());
    }
}
