// SPDX-License-Identifier: Apache-2.0
/**
 * Registers that behave like memory: {@link org.vfio4j.host.embedded.register.RegisterMemory} keeps their bytes where users
 * map them, or away from users, and the {@link org.vfio4j.host.embedded.register.DoorbellPoller} finds doorbells that were
 * written through mappings. Spec: pci §11.
 */
package org.vfio4j.host.embedded.register;
