// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import static org.vfio4j.core.vfio.Interleavings.beside;
import static org.vfio4j.core.vfio.Interleavings.check;
import static org.vfio4j.core.vfio.Interleavings.explore;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.testing.Spec;

/** A container's call that meets the detach of its last group. */
@Tag("model")
class BackendInstanceModelTest {
    @Test
    @Spec("C-156")
    void shouldCompleteOnTheLiveInstanceOrFindNone() {
        explore(2000, () -> {
            var releases = new AtomicInteger();
            var instance = new BackendInstance("model", new Releasing(releases));
            Runnable call = () -> {
                if (instance.enter()) {
                    check(releases.get() == 0, "a call runs on a released instance");
                    instance.exit();
                }
            };
            beside(
                    () -> {
                        call.run();
                        call.run();
                    },
                    () -> beside(call, instance::exit));
            check(releases.get() == 1, "released " + releases.get() + " times");
            check(!instance.enter(), "a released instance lets a call in");
        });
    }

    private record Releasing(AtomicInteger releases) implements IommuBackend {
        @Override
        public int checkExtension(int extension) {
            return 0;
        }

        @Override
        public void attachGroup(IommuGroup group, GroupKind kind) {}

        @Override
        public void detachGroup(IommuGroup group) {}

        @Override
        public void release() {
            releases.incrementAndGet();
        }

        @Override
        public long ioctl(Caller caller, int command, long argument) {
            return 0;
        }

        @Override
        public void mapDma(Caller caller, int flags, long vaddr, long iova, long size) {}

        @Override
        public long unmapDma(Caller caller, int flags, long iova, long size) {
            return 0;
        }

        @Override
        public void registerDevice(DmaUnmapListener device) {}

        @Override
        public void unregisterDevice(DmaUnmapListener device) {}

        @Override
        public DmaLimits limits() {
            throw new UnsupportedOperationException("no limits");
        }
    }
}
