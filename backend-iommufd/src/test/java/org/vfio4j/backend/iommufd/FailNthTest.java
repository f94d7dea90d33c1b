// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.iommufd.Rig.FIXED;
import static org.vfio4j.backend.iommufd.Rig.PAGE;
import static org.vfio4j.backend.iommufd.Rig.RW;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.iommu.AccessClient;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.IommufdAccess;
import org.vfio4j.spi.iommu.IommufdDevice;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.VfioException;

/**
 * A sequence is run once for every step in it that can fail, each time with that step failing: whatever was refused left
 * nothing behind. Spec: iommufd §13, checked as the kernel's fail_nth test does.
 */
class FailNthTest {
    private static final int MOST = 200;

    @Test
    @Spec({"I-234", "I-235", "I-236"})
    void shouldLeaveNothingBehindWhicheverStepFails() {
        int n = 1;
        while (run(n)) {
            n++;
            assertThat(n).as("the sequence ends").isLessThan(MOST);
        }
        assertThat(n).as("steps that failed").isGreaterThan(15);
    }

    /** Whether the n-th step existed. */
    private static boolean run(int n) {
        var injection = new FaultInjection();
        try (Rig rig = new Rig(injection)) {
            TestDevice device = rig.device(new ReservedRegion(0xfee0_0000L, 0xfeef_ffffL, ReservedRegion.Type.MSI));
            int first = rig.ioas();
            int second = rig.ioas();
            MemorySegment scattered = scattered(rig);
            injection.arm(n);
            try {
                IommufdDevice bound = rig.context.bind(device);
                try {
                    sequence(rig, bound, first, second, scattered);
                } finally {
                    bound.unbind();
                }
            } catch (VfioException refused) {
                assertThat(refused.getMessage()).as("step %d", n).matches("injected: .*|pinning .* would exceed .*");
                assertThat(injection.fired()).isTrue();
            }
            boolean fired = injection.fired();
            injection.arm(0);
            rig.assertNothingPinned();
            assertThat(device.group().dmaUnowned()).as("step %d: ownership", n).isTrue();
            for (int ioas : new int[] {first, second}) {
                IoPageTable engine = rig.ioas(ioas).engine();
                assertThat(engine.usable())
                        .as("step %d", n)
                        .isEqualTo(new IoPageTable.Usable(List.of(new DmaLimits.Range(0, -1)), 1));
                rig.context.unmap(ioas, 0, -1);
                rig.context.destroy(ioas);
            }
            return fired;
        }
    }

    private static void sequence(Rig rig, IommufdDevice bound, int first, int second, MemorySegment memory) {
        Caller caller = rig.injectedCaller();
        rig.context.map(caller, first, FIXED | RW, memory.address(), 3 * PAGE, 0);
        int old = stepOrSame(bound, () -> bound.attach(first));
        rig.context.map(caller, first, FIXED | RW, memory.address(), 3 * PAGE, 0x10_0000);
        rig.context.map(caller, second, FIXED | RW, memory.address(), 2 * PAGE, 0x5000);
        Ioas source = rig.ioas(first);
        rig.ioas(second).mapSlices(source.slices(0x10_0000, 2 * PAGE, 3), 2 * PAGE, true, 0x20_0000);
        replace(rig, bound, first, second, old);
        withAccess(rig, second, access -> {
            access.pin(0x5000, 2 * PAGE, true, (phys, length) -> {});
            access.unpin(0x5000, 2 * PAGE);
        });
        rig.context.unmap(second, 0x5000, 2 * PAGE);
    }

    private static int stepOrSame(IommufdDevice bound, java.util.function.IntSupplier attach) {
        try {
            return attach.getAsInt();
        } catch (VfioException refused) {
            assertThat(bound.attached()).as("still unattached").isFalse();
            throw refused;
        }
    }

    private static void replace(Rig rig, IommufdDevice bound, int from, int to, int old) {
        try {
            bound.attach(to);
        } catch (VfioException refused) {
            assertThat(bound.attach(old)).as("the old table is still the one").isEqualTo(old);
            assertThat(rig.ioas(from).engine().tables()).hasSize(1);
            assertThat(rig.ioas(to).engine().tables()).isEmpty();
            throw refused;
        }
    }

    private static void withAccess(Rig rig, int ioas, Consumer<IommufdAccess> body) {
        IommufdAccess access = rig.context.createAccess(new AccessClient() {
            @Override
            public boolean needsPinPages() {
                return true;
            }

            @Override
            public void dmaUnmap(long iova, long length) {}
        });
        try {
            access.attach(ioas);
            body.accept(access);
        } finally {
            access.destroy();
        }
    }

    /** Three pages whose neighbours are not adjacent in physical memory: each takes a map call of its own. */
    private static MemorySegment scattered(Rig rig) {
        MemorySegment whole = Arena.ofAuto().allocate(3 * PAGE, PAGE);
        for (int i = 0; i < 3; i++) {
            rig.memory.register(whole.asSlice((long) i * PAGE, PAGE));
        }
        return whole;
    }
}
