// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.conformance.Program.refused;
import static org.vfio4j.conformance.Program.require;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vfio4j.ProcessOptions;
import org.vfio4j.VfioOptions;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioExtension;

/** Containers of type1: which groups they take, in which order, and what is left of them. Spec: type1 §2, §8, §13. */
class Type1ContainerTest extends UapiTestCase {
    private static final int V1 = VfioExtension.VFIO_TYPE1_IOMMU;
    private static final int V2 = VfioExtension.VFIO_TYPE1v2_IOMMU;
    private static final long IOVA = 1 << 20;
    private static final int PAGE = 4096;

    /** A function behind a unit that does not isolate interrupts. */
    private static final String UNSAFE_EDU = "0000:00:08.0";

    @TempDir
    Path folder;

    @Override
    VfioOptions options() {
        var description = folder.resolve("units.json");
        try {
            Files.writeString(description, """
                    {"name": "units",
                     "iommus": [
                       {"name": "iommu0", "kind": "paging"},
                       {"name": "unsafe0", "kind": "paging", "isolatedMsi": false},
                       {"name": "tce0", "kind": "tce"}],
                     "pci": {"iommu": "iommu0", "nativeDrivers": ["pcieport", "e1000e"], "functions": [
                       {"address": "00:05.0", "model": "edu", "driver": "vfio-pci"},
                       {"address": "00:06.0", "model": "edu", "driver": "vfio-pci"},
                       {"address": "00:07.0", "model": "edu", "iommu": "tce0", "driver": "vfio-pci"},
                       {"address": "00:08.0", "model": "edu", "iommu": "unsafe0", "driver": "vfio-pci"},
                       {"address": "00:09.0", "model": "multi", "iommu": "unsafe0", "group": 40, "driver": "vfio-pci"},
                       {"address": "00:09.1", "model": "multi", "iommu": "unsafe0", "group": 40, "driver": "vfio-pci"},
                       {"address": "00:0a.0", "model": "multi", "group": 41, "driver": "vfio-pci"},
                       {"address": "00:0a.1", "model": "multi", "group": 41, "driver": "e1000e"}]}}
                    """);
        } catch (IOException e) {
            throw new AssertionError("the machine could not be described", e);
        }
        return super.options().withMachine(description);
    }

    private long groupIn(long container, String device) {
        long group = program.open(groupPath(device));
        require("SET_CONTAINER of " + device, program.setContainer(group, container));
        return group;
    }

    @Test
    @Spec({"T-001", "T-002"})
    void shouldBeChosenOnceAndOnlyWithAGroup() {
        long container = program.open(Program.CONTAINER);
        refused("SET_IOMMU without a group", program.setIommu(container, V2), Errno.EINVAL);
        groupIn(container, EDU);
        assertThat(program.setIommu(container, V2)).as("SET_IOMMU").isZero();
        for (int again : new int[] {V2, V1, VfioExtension.VFIO_SPAPR_TCE_IOMMU, 6, 99}) {
            refused("second SET_IOMMU, type " + again, program.setIommu(container, again), Errno.EINVAL);
        }
        require("MAP_DMA with what was chosen", program.mapDma(container, system.memory(PAGE), IOVA));
    }

    @Test
    @Spec("T-003")
    void shouldNotOfferNesting() {
        long container = program.open(Program.CONTAINER);
        assertThat(program.checkExtension(container, 6)).isZero();
        groupIn(container, EDU);
        refused("SET_IOMMU 6", program.setIommu(container, 6), Errno.ENODEV);
    }

    @Test
    @Spec("T-009")
    void shouldForgetEverythingWhenTheLastGroupLeaves() {
        long container = program.open(Program.CONTAINER);
        long group = groupIn(container, EDU);
        require("SET_IOMMU", program.setIommu(container, V2));
        var memory = system.memory(2 * PAGE);
        require("MAP_DMA", program.mapDma(container, memory, IOVA));
        require("UNSET_CONTAINER", program.unsetContainer(group));
        assertThat(machine.pinnedPages()).as("pages pinned without a group").isZero();
        require("SET_CONTAINER", program.setContainer(group, container));
        assertThat(program.setIommu(container, V1)).as("SET_IOMMU 1").isZero();
        assertThat(program.unmapDma(container, IOVA, memory.byteSize()))
                .as("bytes of old entries")
                .isZero();
        assertThat(program.mapDma(container, memory, IOVA))
                .as("MAP_DMA where the old entry was")
                .isZero();
    }

    /** Two groups that are refused for different reasons: the errno tells which was attached first. */
    @Test
    @Spec("T-011")
    void shouldAttachTheNewestGroupFirst() {
        long container = program.open(Program.CONTAINER);
        long oldest = groupIn(container, UNSAFE_EDU);
        long newest = groupIn(container, TCE_EDU);
        refused("SET_IOMMU", program.setIommu(container, V2), Errno.EOPNOTSUPP);
        require("UNSET_CONTAINER", program.unsetContainer(oldest));
        require("SET_CONTAINER", program.setContainer(oldest, container));
        refused("SET_IOMMU in the other order", program.setIommu(container, V2), Errno.EPERM);
        require("UNSET_CONTAINER", program.unsetContainer(newest));
    }

    @Test
    @Spec("T-011")
    void shouldDetachTheNewestGroupWhenTheOldestIsRefused() {
        long container = program.open(Program.CONTAINER);
        long oldest = groupIn(container, UNSAFE_EDU);
        long newest = groupIn(container, EDU);
        refused("SET_IOMMU", program.setIommu(container, V2), Errno.EPERM);
        require("UNSET_CONTAINER", program.unsetContainer(newest));
        long other = program.open(Program.CONTAINER);
        require("SET_CONTAINER elsewhere", program.setContainer(newest, other));
        assertThat(program.setIommu(other, V2)).as("SET_IOMMU elsewhere").isZero();
        require("UNSET_CONTAINER", program.unsetContainer(oldest));
    }

    @Test
    @Spec("T-095")
    void shouldRefuseAGroupThatSomebodyElseOwns() {
        long container = program.open(Program.CONTAINER);
        long withNativeDriver = program.open(groupPath("0000:00:0a.0"));
        refused("SET_CONTAINER", program.setContainer(withNativeDriver, container), Errno.EPERM);
        groupIn(container, EDU);
        require("SET_IOMMU", program.setIommu(container, V2));
        refused("late SET_CONTAINER", program.setContainer(withNativeDriver, container), Errno.EPERM);
        require("unbind of the native driver", machine.unbind("0000:00:0a.1"));
        assertThat(program.setContainer(withNativeDriver, container))
                .as("SET_CONTAINER once nobody owns it")
                .isZero();
    }

    @Test
    @Spec("T-111")
    void shouldRefuseAGroupOfTwoWithoutInterruptIsolation() {
        long container = program.open(Program.CONTAINER);
        groupIn(container, EDU);
        require("SET_IOMMU", program.setIommu(container, V2));
        long both = program.open(groupPath("0000:00:09.0"));
        refused("SET_CONTAINER", program.setContainer(both, container), Errno.EPERM);
        try (var permissive = new InProcessMachine(options().with("type1.allow_unsafe_interrupts", "Y"));
                var there = permissive.newProgram(ProcessOptions.root())) {
            var program = new Program(there);
            long accepting = program.open(Program.CONTAINER);
            long group = program.open(permissive.groupPath("0000:00:09.0"));
            require("SET_CONTAINER", program.setContainer(group, accepting));
            assertThat(program.setIommu(accepting, V2))
                    .as("SET_IOMMU when allowed")
                    .isZero();
        }
    }

    static List<List<Integer>> everyOrder() {
        var orders = new ArrayList<List<Integer>>();
        for (int first = 0; first < 3; first++) {
            for (int second = 0; second < 3; second++) {
                if (second != first) {
                    orders.add(List.of(first, second, 3 - first - second));
                }
            }
        }
        return orders;
    }

    @ParameterizedTest
    @MethodSource("everyOrder")
    @Spec("T-156")
    void shouldReleaseEverythingWhateverIsClosedLast(List<Integer> order) {
        var options = ProcessOptions.user(1000, 2 * PAGE);
        try (var other = newSystem(options)) {
            var program = new Program(other);
            for (int round = 0; round < 2; round++) {
                long container = program.open(Program.CONTAINER);
                long group = program.open(groupPath(EDU));
                require("SET_CONTAINER", program.setContainer(group, container));
                require("SET_IOMMU", program.setIommu(container, V2));
                long device = require("GET_DEVICE_FD", program.getDeviceFd(group, EDU));
                // Both pages of the limit: in the second round they can be charged only if the first gave them back.
                require("MAP_DMA", program.mapDma(container, other.memory(2 * PAGE), IOVA));
                assertThat(machine.pinnedPages()).isEqualTo(2);
                long[] files = {container, group, device};
                for (int next : order) {
                    require("close", other.close(files[next]));
                }
                assertThat(machine.pinnedPages())
                        .as("pages pinned when all are closed")
                        .isZero();
            }
        }
    }
}
