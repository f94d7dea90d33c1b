// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.VfioPci;
import org.vfio4j.uapi.struct.VfioPciHotResetInfo;

/** What a hot reset would affect, and who owns it. Spec: pci §14.1 to §14.3. */
class HotResetInfoConformanceTest extends HotResetTestCase {
    private static final int ONE_ENTRY = VfioPciHotResetInfo.SIZEOF + 8;
    private static final int DEV_ID = VfioPci.VFIO_PCI_HOT_RESET_FLAG_DEV_ID;
    private static final int OWNED = DEV_ID | VfioPci.VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED;

    @Test
    @Spec("P-195")
    void shouldKnowNoResetOfARootBusOrAFragileOne() {
        refused("on the root bus", hotResetInfo(openByGroup(EDU).device(), info(4096)), Errno.ENODEV);
        refused("where it is forbidden", hotResetInfo(openByGroup(FRAGILE).device(), info(4096)), Errno.ENODEV);
    }

    @Test
    @Spec("P-196")
    void shouldSayHowMuchRoomItNeeds() {
        long device = openByGroup(TWIN).device();
        refused("argsz 11", hotResetInfo(device, info(11)), Errno.EINVAL);
        for (int argsz : new int[] {VfioPciHotResetInfo.SIZEOF, ONE_ENTRY, ONE_ENTRY + 7}) {
            var info = info(argsz);
            info.set(ValueLayout.JAVA_INT, VfioPciHotResetInfo.SIZEOF, 4711);
            refused("argsz " + argsz, hotResetInfo(device, info), Errno.ENOSPC);
            assertThat(VfioPciHotResetInfo.count(info)).as("count").isEqualTo(2);
            assertThat(VfioPciHotResetInfo.flags(info)).as("flags").isZero();
            assertThat(VfioPciHotResetInfo.argsz(info)).as("argsz").isEqualTo(argsz);
            assertThat(info.get(ValueLayout.JAVA_INT, VfioPciHotResetInfo.SIZEOF))
                    .as("what is behind the header")
                    .isEqualTo(4711);
        }
        require("just enough", hotResetInfo(device, info(ONE_ENTRY + 8)));
        refused("NULL", system.ioctl(device, VfioIoctl.VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, 0), Errno.EFAULT);
    }

    @Test
    @Spec("P-197")
    void shouldNameGroupsToWhoeverOpenedByGroup() {
        long device = openByGroup(TWIN).device();
        var info = info(4096);
        assertThat(entries(device, info))
                .containsExactly(new Entry(TWIN, groupNumber(TWIN)), new Entry(OTHER_TWIN, groupNumber(TWIN)));
        assertThat(VfioPciHotResetInfo.flags(info)).as("flags").isZero();
        assertThat(groupNumber(APART)).isNotEqualTo(groupNumber(OTHER_APART));
        assertThat(entries(openByGroup(APART).device()))
                .containsExactly(
                        new Entry(APART, groupNumber(APART)), new Entry(OTHER_APART, groupNumber(OTHER_APART)));
    }

    @Test
    void shouldReachBelowBridges() {
        assertThat(entries(openByGroup(ABOVE_A_BRIDGE).device()).stream().map(Entry::name))
                .containsExactly(ABOVE_A_BRIDGE, "0000:05:01.0", BELOW_A_BRIDGE);
        assertThat(entries(openByGroup(BELOW_A_BRIDGE).device()).stream().map(Entry::name))
                .containsExactly(BELOW_A_BRIDGE);
    }

    @Test
    @Spec("P-198")
    void shouldTellWhatNobodyOwns() {
        require("unbind", machine.unbind(OTHER_TWIN));
        long device = program.open(nodePath(TWIN));
        long id = bound(device, program.open(Program.IOMMU));
        var info = info(4096);
        assertThat(entries(device, info)).containsExactly(new Entry(TWIN, (int) id), new Entry(OTHER_TWIN, -1));
        assertThat(VfioPciHotResetInfo.flags(info)).as("flags").isEqualTo(DEV_ID);
        refused("HOT_RESET", hotReset(device), Errno.EINVAL);
    }

    @Test
    @Spec("P-199")
    void shouldCountTheWholeGroupAsOwned() {
        long device = program.open(nodePath(TWIN));
        long id = bound(device, program.open(Program.IOMMU));
        var info = info(4096);
        assertThat(entries(device, info)).containsExactly(new Entry(TWIN, (int) id), new Entry(OTHER_TWIN, 0));
        assertThat(VfioPciHotResetInfo.flags(info)).as("flags").isEqualTo(OWNED);
        assertThat(hotReset(device)).as("HOT_RESET").isZero();
    }

    @Test
    @Spec("P-200")
    void shouldGiveTheIdsOfOneIommufd() {
        long iommufd = program.open(Program.IOMMU);
        long first = program.open(nodePath(APART));
        long second = program.open(nodePath(OTHER_APART));
        int id = (int) bound(first, iommufd);
        var info = info(4096);
        assertThat(entries(first, info)).containsExactly(new Entry(APART, id), new Entry(OTHER_APART, -1));
        assertThat(VfioPciHotResetInfo.flags(info)).as("flags").isEqualTo(DEV_ID);
        refused("HOT_RESET while only one is bound", hotReset(first), Errno.EINVAL);
        int other = (int) bound(second, iommufd);
        for (long device : new long[] {first, second}) {
            info = info(4096);
            assertThat(entries(device, info)).containsExactly(new Entry(APART, id), new Entry(OTHER_APART, other));
            assertThat(VfioPciHotResetInfo.flags(info)).as("flags").isEqualTo(OWNED);
            assertThat(hotReset(device)).as("HOT_RESET").isZero();
        }
    }

    @Test
    @Spec("P-200")
    void shouldNotOwnWhatAnotherIommufdHas() {
        long first = program.open(nodePath(APART));
        long second = program.open(nodePath(OTHER_APART));
        int id = (int) bound(first, program.open(Program.IOMMU));
        int other = (int) bound(second, program.open(Program.IOMMU));
        assertThat(entries(first)).containsExactly(new Entry(APART, id), new Entry(OTHER_APART, -1));
        assertThat(entries(second)).containsExactly(new Entry(APART, -1), new Entry(OTHER_APART, other));
        refused("HOT_RESET", hotReset(first), Errno.EINVAL);
        refused("HOT_RESET", hotReset(second), Errno.EINVAL);
    }
}
