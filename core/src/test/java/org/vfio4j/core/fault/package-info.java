// SPDX-License-Identifier: Apache-2.0
/** Every step of every operation fails once, and nothing may be different afterwards. */
package org.vfio4j.core.fault;
